# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_redis_doctor_global_optspecs
    string join \n help V/version
end

function __fish_redis_doctor_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_redis_doctor_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_redis_doctor_using_subcommand
    set -l cmd (__fish_redis_doctor_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -s V -l version -d 'Print version'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "check" -d 'Look once at server, path and this machine, in a few seconds; also what redis-doctor does without a command'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "ping" -d 'Send PINGs over one connection, a line per reply, and sum up as ping(8) does'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "subscribe" -d 'Tail channels over one connection, with every drop and resubscription, and optionally verify delivery'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "soak" -d 'Hold connections for minutes or weeks with probes and a verified pub/sub stream, and report every outage'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "proxy" -d 'Listen in front of a server and break connections on purpose, for your own application in any language'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "drill" -d 'Put each reconnect policy through each fault, and show which client survives what'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "idle" -d 'Find out after how much silence something on the path, or the server, gives a connection up'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "wait" -d 'Wait until a server is ready, or a primary, or a replica: for scripts and containers'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "report" -d 'Make a report again from journals, also from one cut off by a crash'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "explain" -d 'Say what an error, a cause, a state or a finding means, how to tell, and what to do (offline)'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "man" -d 'Print the manual page (roff)'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s t -l timeout -d 'End after this long, whatever is not known by then [default: 9s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s w -l warning -d 'Warn when the PING time, in milliseconds, is outside of this range: 10, 5:10, @10:20' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s c -l critical -d 'Critical when the PING time, in milliseconds, is outside of this range' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l format -d 'Form of the result' -r -f -a "text\t''
json\t''
nagios\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s o -l output -d 'Write the result to this file' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l color -d 'Colour; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s u -l uri -d 'Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s p -l port -d 'Port [default: 6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s s -l socket -d 'Unix socket instead of host and port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s n -l db -d 'Logical database [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s a -l pass -d 'Password; safer in the environment [env: REDISCLI_AUTH, VALKEYCLI_AUTH] or with --askpass' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l user -d 'ACL user [default: the server\'s default user]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l name -d 'Name of the connections under test in CLIENT LIST' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l protocol -d 'Protocol; auto falls back to RESP2 with a second connection for subscriptions [default: resp3]' -r -f -a "resp3\t''
resp2\t''
auto\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l policy -d 'Preset that the flags below override: hardened is recommended, library is what redis-rs does by default, elasticache is as published for the reset incident, bare never reconnects' -r -f -a "hardened\t''
library\t''
elasticache\t''
bare\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l retries -d 'Retries after the first attempt of a reconnect: a number, or unlimited [hardened: unlimited]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l min-delay -d 'First delay between attempts, before jitter [hardened: 100ms]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l spread -d 'Each connection adds a random part of this to its first delay, as each process of a fleet should; the delays after it grow with it [default: 0s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l max-delay -d 'Largest delay between attempts, before jitter [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l backoff-base -d 'Factor from one delay to the next, from 1 [hardened: 2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l connect-timeout -d 'Limit of one connection attempt: name look-up, TCP, TLS and HELLO together [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l response-timeout -d 'Limit of the client library for a reply [hardened: 2s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l keepalive -d 'TCP keepalive: idle seconds / interval / probes, or off [hardened: 10/5/3]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l user-timeout -d 'TCP_USER_TIMEOUT: unacknowledged data older than this ends the connection, or off [hardened: 25s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l nodelay -d 'Send small writes at once (TCP_NODELAY) [hardened: on]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l watchdog -d 'A PING each TIME; after N unanswered ones the connection is replaced, or off [hardened: 1sx2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s h -s H -l host -d 'Host name or IP address [default: 127.0.0.1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l exit-zero -d 'Exit 0 also when the verdict is degraded or critical'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s q -l quiet -d 'Only what is not in order'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l askpass -d 'Ask for the password on the terminal (or read one line of stdin when that is no terminal)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l no-auth-warning -d 'Do not warn about a password on the command line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l sandbox -d 'Use the embedded server on a free loopback port instead of a real one; nothing needs to be installed'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l no-resubscribe -d 'Do not subscribe again after a reconnect'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s c -s r -l count -d 'Stop after this many PINGs [default: until a signal]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s i -l interval -d 'Time between two PINGs (bare numbers are seconds); 0 is back to back' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s w -l deadline -d 'Stop after this long, whatever came back [default: until a signal]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s W -l timeout -d 'A PING without a reply after this long has failed' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l payload -d 'Bytes that travel with each PING beside its nonce (64k, 1m; at most 16m)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s u -l uri -d 'Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s h -l host -d 'Host name or IP address [default: 127.0.0.1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s p -l port -d 'Port [default: 6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s s -l socket -d 'Unix socket instead of host and port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s n -l db -d 'Logical database [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s a -l pass -d 'Password; safer in the environment [env: REDISCLI_AUTH, VALKEYCLI_AUTH] or with --askpass' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l user -d 'ACL user [default: the server\'s default user]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l name -d 'Name of the connections under test in CLIENT LIST' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l protocol -d 'Protocol; auto falls back to RESP2 with a second connection for subscriptions [default: resp3]' -r -f -a "resp3\t''
resp2\t''
auto\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l fault -d 'Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; \'redis-doctor proxy --help\' lists the kinds)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l incident -d 'The same with the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l policy -d 'Preset that the flags below override: hardened is recommended, library is what redis-rs does by default, elasticache is as published for the reset incident, bare never reconnects' -r -f -a "hardened\t''
library\t''
elasticache\t''
bare\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l retries -d 'Retries after the first attempt of a reconnect: a number, or unlimited [hardened: unlimited]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l min-delay -d 'First delay between attempts, before jitter [hardened: 100ms]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l spread -d 'Each connection adds a random part of this to its first delay, as each process of a fleet should; the delays after it grow with it [default: 0s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l max-delay -d 'Largest delay between attempts, before jitter [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l backoff-base -d 'Factor from one delay to the next, from 1 [hardened: 2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l connect-timeout -d 'Limit of one connection attempt: name look-up, TCP, TLS and HELLO together [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l response-timeout -d 'Limit of the client library for a reply [hardened: 2s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l keepalive -d 'TCP keepalive: idle seconds / interval / probes, or off [hardened: 10/5/3]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l user-timeout -d 'TCP_USER_TIMEOUT: unacknowledged data older than this ends the connection, or off [hardened: 25s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l nodelay -d 'Send small writes at once (TCP_NODELAY) [hardened: on]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l watchdog -d 'A PING each TIME; after N unanswered ones the connection is replaced, or off [hardened: 1sx2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s o -l output -d 'Write the report to this file' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l color -d 'Colour; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l journal -d 'Append every event to this file as NDJSON, for `redis-doctor report`' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l fail-on -d 'Critical (exit 2) when this holds: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l warn-on -d 'Degraded (exit 1) when this holds (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l seed -d 'Seed of all randomness of the run [default: another one each time; it is in the report]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l format -d 'Form of the report' -r -f -a "text\t''
json\t''
ndjson\t''
csv\t''
openmetrics\t''
nagios\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s D -l timestamps -d 'Print the time before each line, in seconds since 1970 as ping -D does'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l askpass -d 'Ask for the password on the terminal (or read one line of stdin when that is no terminal)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l no-auth-warning -d 'Do not warn about a password on the command line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l sandbox -d 'Use the embedded server on a free loopback port instead of a real one; nothing needs to be installed'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l no-resubscribe -d 'Do not subscribe again after a reconnect'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s q -l quiet -d 'Only the report, without lines or progress while the run goes on'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l exit-zero -d 'Exit 0 also when the verdict is degraded or critical'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l no-evidence -d 'Do not gather evidence about outages: no INFO, CONFIG GET and CLIENT LIST on a short-lived connection beside the one under test, soon after the start, each minute, after an outage and at the end, and no look at the kernel\'s socket table'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l pattern -d 'Pattern of channels, as PSUBSCRIBE takes it (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l shard -d 'Shard channel, as SSUBSCRIBE takes it (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s c -l count -d 'Stop after this many messages [default: until a signal]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s d -l duration -d 'Stop after this long (bare numbers are seconds) [default: until a signal]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l expect-every -d 'Alarm when no message came for this long' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l rate -d 'Pace of --verify: 10, 10/s, 600/m [default: 10/s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l format -d 'Form of the messages on stdout; raw is the bytes and a line end' -r -f -a "text\t''
ndjson\t''
raw\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l report-format -d 'Form of the report in --output FILE; without that, a summary goes to stderr [default: text]' -r -f -a "text\t''
json\t''
ndjson\t''
csv\t''
openmetrics\t''
nagios\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s u -l uri -d 'Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s h -l host -d 'Host name or IP address [default: 127.0.0.1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s p -l port -d 'Port [default: 6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s s -l socket -d 'Unix socket instead of host and port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s n -l db -d 'Logical database [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s a -l pass -d 'Password; safer in the environment [env: REDISCLI_AUTH, VALKEYCLI_AUTH] or with --askpass' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l user -d 'ACL user [default: the server\'s default user]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l name -d 'Name of the connections under test in CLIENT LIST' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l protocol -d 'Protocol; auto falls back to RESP2 with a second connection for subscriptions [default: resp3]' -r -f -a "resp3\t''
resp2\t''
auto\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l fault -d 'Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; \'redis-doctor proxy --help\' lists the kinds)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l incident -d 'The same with the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l policy -d 'Preset that the flags below override: hardened is recommended, library is what redis-rs does by default, elasticache is as published for the reset incident, bare never reconnects' -r -f -a "hardened\t''
library\t''
elasticache\t''
bare\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l retries -d 'Retries after the first attempt of a reconnect: a number, or unlimited [hardened: unlimited]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l min-delay -d 'First delay between attempts, before jitter [hardened: 100ms]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l spread -d 'Each connection adds a random part of this to its first delay, as each process of a fleet should; the delays after it grow with it [default: 0s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l max-delay -d 'Largest delay between attempts, before jitter [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l backoff-base -d 'Factor from one delay to the next, from 1 [hardened: 2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l connect-timeout -d 'Limit of one connection attempt: name look-up, TCP, TLS and HELLO together [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l response-timeout -d 'Limit of the client library for a reply [hardened: 2s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l keepalive -d 'TCP keepalive: idle seconds / interval / probes, or off [hardened: 10/5/3]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l user-timeout -d 'TCP_USER_TIMEOUT: unacknowledged data older than this ends the connection, or off [hardened: 25s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l nodelay -d 'Send small writes at once (TCP_NODELAY) [hardened: on]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l watchdog -d 'A PING each TIME; after N unanswered ones the connection is replaced, or off [hardened: 1sx2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s o -l output -d 'Write the report to this file' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l color -d 'Colour; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l journal -d 'Append every event to this file as NDJSON, for `redis-doctor report`' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l fail-on -d 'Critical (exit 2) when this holds: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l warn-on -d 'Degraded (exit 1) when this holds (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l seed -d 'Seed of all randomness of the run [default: another one each time; it is in the report]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l verify -d 'Publish numbered messages to each CHANNEL from a second connection and account for every one; other subscribers see them, too'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s D -l timestamps -d 'Print the time (UTC) before each line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l askpass -d 'Ask for the password on the terminal (or read one line of stdin when that is no terminal)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l no-auth-warning -d 'Do not warn about a password on the command line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l sandbox -d 'Use the embedded server on a free loopback port instead of a real one; nothing needs to be installed'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l no-resubscribe -d 'Do not subscribe again after a reconnect'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s q -l quiet -d 'Only the report, without lines or progress while the run goes on'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l exit-zero -d 'Exit 0 also when the verdict is degraded or critical'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l no-evidence -d 'Do not gather evidence about outages: no INFO, CONFIG GET and CLIENT LIST on a short-lived connection beside the one under test, soon after the start, each minute, after an outage and at the end, and no look at the kernel\'s socket table'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s d -l duration -d 'Stop after this long (bare numbers are seconds) [default: until a signal]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l rate -d 'Probes per connection: 10, 10/s, 600/m; 0 is as fast as they go [default: 10/s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l workload -d 'What to do, comma-separated; mixed is all three' -r -f -a "ping\t'PING with a nonce'
pubsub\t'Numbered messages on channels redis-doctor:<run>:<n>, each accounted for'
kv\t'SET and GET of keys under redis-doctor: that expire by themselves'
mixed\t'All three'"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l connections -d 'Connections under test, 1 to 10000' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l concurrency -d 'Probes in flight at once on each connection, 1 to 10000 [default: 1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l payload -d 'Bytes that travel with each probe beside its nonce (64k, 1m; at most 16m) [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s W -l timeout -d 'A probe without a reply after this long has failed [default: 2s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l verify-rate -d 'Numbered messages per connection: 10, 10/s, 600/m [default: 10/s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l channels -d 'Channels subscribed on each connection, 1 to 10000; the numbered messages go to the first [default: 1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s u -l uri -d 'Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s h -l host -d 'Host name or IP address [default: 127.0.0.1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s p -l port -d 'Port [default: 6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s s -l socket -d 'Unix socket instead of host and port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s n -l db -d 'Logical database [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s a -l pass -d 'Password; safer in the environment [env: REDISCLI_AUTH, VALKEYCLI_AUTH] or with --askpass' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l user -d 'ACL user [default: the server\'s default user]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l name -d 'Name of the connections under test in CLIENT LIST' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l protocol -d 'Protocol; auto falls back to RESP2 with a second connection for subscriptions [default: resp3]' -r -f -a "resp3\t''
resp2\t''
auto\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l fault -d 'Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; \'redis-doctor proxy --help\' lists the kinds)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l incident -d 'The same with the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l policy -d 'Preset that the flags below override: hardened is recommended, library is what redis-rs does by default, elasticache is as published for the reset incident, bare never reconnects' -r -f -a "hardened\t''
library\t''
elasticache\t''
bare\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l retries -d 'Retries after the first attempt of a reconnect: a number, or unlimited [hardened: unlimited]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l min-delay -d 'First delay between attempts, before jitter [hardened: 100ms]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l spread -d 'Each connection adds a random part of this to its first delay, as each process of a fleet should; the delays after it grow with it [default: 0s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l max-delay -d 'Largest delay between attempts, before jitter [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l backoff-base -d 'Factor from one delay to the next, from 1 [hardened: 2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l connect-timeout -d 'Limit of one connection attempt: name look-up, TCP, TLS and HELLO together [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l response-timeout -d 'Limit of the client library for a reply [hardened: 2s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l keepalive -d 'TCP keepalive: idle seconds / interval / probes, or off [hardened: 10/5/3]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l user-timeout -d 'TCP_USER_TIMEOUT: unacknowledged data older than this ends the connection, or off [hardened: 25s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l nodelay -d 'Send small writes at once (TCP_NODELAY) [hardened: on]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l watchdog -d 'A PING each TIME; after N unanswered ones the connection is replaced, or off [hardened: 1sx2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s o -l output -d 'Write the report to this file' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l color -d 'Colour; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l journal -d 'Append every event to this file as NDJSON, for `redis-doctor report`' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l fail-on -d 'Critical (exit 2) when this holds: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l warn-on -d 'Degraded (exit 1) when this holds (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l seed -d 'Seed of all randomness of the run [default: another one each time; it is in the report]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l format -d 'Form of the report' -r -f -a "text\t''
json\t''
ndjson\t''
csv\t''
openmetrics\t''
nagios\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l stop-on-critical -d 'Stop at the first state the connection cannot leave by itself, instead of going on with a fresh one'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l askpass -d 'Ask for the password on the terminal (or read one line of stdin when that is no terminal)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l no-auth-warning -d 'Do not warn about a password on the command line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l sandbox -d 'Use the embedded server on a free loopback port instead of a real one; nothing needs to be installed'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l no-resubscribe -d 'Do not subscribe again after a reconnect'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s q -l quiet -d 'Only the report, without lines or progress while the run goes on'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l exit-zero -d 'Exit 0 also when the verdict is degraded or critical'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l no-evidence -d 'Do not gather evidence about outages: no INFO, CONFIG GET and CLIENT LIST on a short-lived connection beside the one under test, soon after the start, each minute, after an outage and at the end, and no look at the kernel\'s socket table'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l listen -d 'Address to listen on, or a port of 127.0.0.1; port 0 takes a free one' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -s u -l uri -d 'Server behind it as a URL [env: REDIS_URL, VALKEY_URL] [default: redis://127.0.0.1:6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l format -d 'Form of the events: text on stderr, or ndjson on stdout' -r -f -a "text\t''
ndjson\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l seed -d 'Seed of all randomness [default: another one each time]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l fault -d 'Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; \'redis-doctor proxy --help\' lists the kinds)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l incident -d 'The same with the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l sandbox -d 'Put the embedded server behind it'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l allow-remote -d 'Listen also where other machines can connect: they reach the server, and can break its connections'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l case -d 'Cases by name, comma-separated (the names are below)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l policy -d 'Policies to put through it, comma-separated' -r -f -a "hardened\t''
library\t''
elasticache\t''
bare\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l must-survive -d 'Exit 2 unless these policies survive every case, comma-separated' -r -f -a "hardened\t''
library\t''
elasticache\t''
bare\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l format -d 'Form of the results' -r -f -a "text\t''
json\t''
csv\t''
markdown\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s o -l output -d 'Write the results to this file' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l seed -d 'Seed of all randomness [default: another one each time]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l fault -d 'Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; \'redis-doctor proxy --help\' lists the kinds)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l incident -d 'The same with the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s u -l uri -d 'Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s h -l host -d 'Host name or IP address [default: 127.0.0.1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s p -l port -d 'Port [default: 6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s s -l socket -d 'Unix socket instead of host and port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s n -l db -d 'Logical database [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s a -l pass -d 'Password; safer in the environment [env: REDISCLI_AUTH, VALKEYCLI_AUTH] or with --askpass' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l user -d 'ACL user [default: the server\'s default user]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l name -d 'Name of the connections under test in CLIENT LIST' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l protocol -d 'Protocol; auto falls back to RESP2 with a second connection for subscriptions [default: resp3]' -r -f -a "resp3\t''
resp2\t''
auto\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l all -d 'Every case there is; the default when neither --case nor --fault nor --incident is given'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s q -l quiet -d 'No progress'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l askpass -d 'Ask for the password on the terminal (or read one line of stdin when that is no terminal)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l no-auth-warning -d 'Do not warn about a password on the command line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l sandbox -d 'Use the embedded server on a free loopback port instead of a real one; nothing needs to be installed'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l max -d 'Longest limit to look for [default: 20m, or the profile\'s longest, or --must-survive]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l steps -d 'Connections at once, each with a silence of its own, 1 to 10000; or the silences of the first round: 30s,1m,5m' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l profile -d 'Look closely at the limits that are common in this cloud' -r -f -a "aws\t''
azure\t''
gcp\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l resolution -d 'Go on until the limit is known this well [default: one part in fifty, but not below 100ms]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s W -l timeout -d 'A PING after a silence is lost when it is not answered after this long' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l must-survive -d 'Critical (exit 2) when a connection does not survive this much silence; a longer limit is in order' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l format -d 'Form of the result' -r -f -a "text\t''
json\t''
ndjson\t''
nagios\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s o -l output -d 'Write the result to this file' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l seed -d 'Seed of all randomness of the faults [default: another one each time]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l fault -d 'Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; \'redis-doctor proxy --help\' lists the kinds)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l incident -d 'The same with the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s u -l uri -d 'Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s h -l host -d 'Host name or IP address [default: 127.0.0.1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s p -l port -d 'Port [default: 6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s s -l socket -d 'Unix socket instead of host and port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s n -l db -d 'Logical database [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s a -l pass -d 'Password; safer in the environment [env: REDISCLI_AUTH, VALKEYCLI_AUTH] or with --askpass' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l user -d 'ACL user [default: the server\'s default user]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l name -d 'Name of the connections under test in CLIENT LIST' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l protocol -d 'Protocol; auto falls back to RESP2 with a second connection for subscriptions [default: resp3]' -r -f -a "resp3\t''
resp2\t''
auto\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s q -l quiet -d 'Only the result'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l askpass -d 'Ask for the password on the terminal (or read one line of stdin when that is no terminal)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l no-auth-warning -d 'Do not warn about a password on the command line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l sandbox -d 'Use the embedded server on a free loopback port instead of a real one; nothing needs to be installed'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l for -d 'What to wait for' -r -f -a "ready\t''
primary\t''
replica\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s W -l timeout -d 'Give up after this long' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s i -l interval -d 'Between the beginnings of two looks' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s u -l uri -d 'Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s h -l host -d 'Host name or IP address [default: 127.0.0.1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s p -l port -d 'Port [default: 6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s s -l socket -d 'Unix socket instead of host and port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s n -l db -d 'Logical database [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s a -l pass -d 'Password; safer in the environment [env: REDISCLI_AUTH, VALKEYCLI_AUTH] or with --askpass' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l user -d 'ACL user [default: the server\'s default user]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l name -d 'Name of the connections under test in CLIENT LIST' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l protocol -d 'Protocol; auto falls back to RESP2 with a second connection for subscriptions [default: resp3]' -r -f -a "resp3\t''
resp2\t''
auto\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l fail-fast -d 'End at once when waiting does not usually help: wrong password, missing permission, refused certificate'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s q -l quiet -d 'Nothing but the last obstacle, when the time is up'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l askpass -d 'Ask for the password on the terminal (or read one line of stdin when that is no terminal)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l no-auth-warning -d 'Do not warn about a password on the command line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l sandbox -d 'Use the embedded server on a free loopback port instead of a real one; nothing needs to be installed'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -l format -d 'Form of the report' -r -f -a "text\t''
json\t''
ndjson\t''
csv\t''
openmetrics\t''
nagios\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -s o -l output -d 'Write the report to this file' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -l color -d 'Colour; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -l fail-on -d 'Critical (exit 2) when this holds: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -l warn-on -d 'Degraded (exit 1) when this holds (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -s q -l quiet -d 'Only the report, without lines or progress while the run goes on'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -l exit-zero -d 'Exit 0 also when the verdict is degraded or critical'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand explain" -l format -d 'Form of the explanation' -r -f -a "text\t''
json\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand explain" -l color -d 'Colour; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand explain" -l list -d 'List everything there is'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand explain" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand completions" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand man" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "check" -d 'Look once at server, path and this machine, in a few seconds; also what redis-doctor does without a command'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "ping" -d 'Send PINGs over one connection, a line per reply, and sum up as ping(8) does'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "subscribe" -d 'Tail channels over one connection, with every drop and resubscription, and optionally verify delivery'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "soak" -d 'Hold connections for minutes or weeks with probes and a verified pub/sub stream, and report every outage'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "proxy" -d 'Listen in front of a server and break connections on purpose, for your own application in any language'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "drill" -d 'Put each reconnect policy through each fault, and show which client survives what'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "idle" -d 'Find out after how much silence something on the path, or the server, gives a connection up'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "wait" -d 'Wait until a server is ready, or a primary, or a replica: for scripts and containers'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "report" -d 'Make a report again from journals, also from one cut off by a crash'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "explain" -d 'Say what an error, a cause, a state or a finding means, how to tell, and what to do (offline)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "completions" -d 'Print a completion script for a shell'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "man" -d 'Print the manual page (roff)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
