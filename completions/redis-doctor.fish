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
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "check" -d 'Check the server, the path and this machine once, in a few seconds (the default command)'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "ping" -d 'Send PINGs over one connection and print a line per reply, like ping(8)'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "subscribe" -d 'Tail channels over one connection, show every drop and resubscription, and optionally verify delivery'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "soak" -d 'Hold connections open for minutes or weeks under a verified workload, and report every outage'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "proxy" -d 'Run a fault proxy in front of a server, to test your own application in any language'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "drill" -d 'Run each reconnect policy through each fault, and show which client survives what'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "idle" -d 'Find the idle timeout of the path or server'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "wait" -d 'Wait until a server is ready, a primary or a replica, for scripts and containers'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "report" -d 'Rebuild a report from journals, including one cut off by a crash'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "explain" -d 'Explain an error, cause, state or finding: what it means, how to confirm it, what to do (offline)'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "man" -d 'Print the manual page (roff)'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s t -l timeout -d 'Stop after this long and report what is known so far [default: 9s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s w -l warning -d 'Warn if the PING time in milliseconds is outside this range: 10, 5:10, @10:20' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s c -l critical -d 'Exit 2 (critical) if the PING time in milliseconds is outside this range' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l format -d 'Form of the result' -r -f -a "text\t''
json\t''
nagios\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s o -l output -d 'Write the result to this file' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l color -d 'Use color; auto means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s u -l uri -d 'Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s p -l port -d 'Port [default: 6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s s -l socket -d 'Unix socket instead of host and port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s n -l db -d 'Logical database [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s a -l pass -d 'Password; safer in the environment or with --askpass [env: REDISCLI_AUTH, VALKEYCLI_AUTH]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l user -d 'ACL user [default: the server\'s default user]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l name -d 'Client name of the connections under test, as in CLIENT LIST' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l protocol -d 'Protocol; auto falls back to RESP2 where HELLO is refused, as by many proxies, with a second connection for subscriptions [default: resp3]' -r -f -a "resp3\t''
resp2\t''
auto\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l policy -d 'Preset that the flags below override: hardened is recommended, library is the redis-rs default, elasticache is the published fix for the reset incident, bare never reconnects' -r -f -a "hardened\t''
library\t''
elasticache\t''
bare\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l retries -d 'Retries after the first attempt of a reconnect: a number, or unlimited [hardened: unlimited]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l min-delay -d 'First delay between attempts, before jitter [hardened: 100ms]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l spread -d 'Add a random part of this to the first delay of each connection, so that a fleet does not reconnect in step; later delays grow from there [default: 0s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l max-delay -d 'Largest delay between attempts, before jitter [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l backoff-base -d 'Factor from one delay to the next, from 1 [hardened: 2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l connect-timeout -d 'Timeout of one connection attempt: DNS, TCP, TLS and HELLO together [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l response-timeout -d 'Client-library response timeout [hardened: 2s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l keepalive -d 'TCP keepalive: idle seconds / interval / probes, or off [hardened: 10/5/3]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l user-timeout -d 'TCP_USER_TIMEOUT: close the connection when sent data stays unacknowledged for this long, or off [hardened: 25s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l nodelay -d 'Send small writes immediately (TCP_NODELAY) [hardened: on]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l watchdog -d 'Send a PING every TIME and reconnect after N go unanswered, or off [hardened: 1sx2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s h -s H -l host -d 'Host name or IP address [default: 127.0.0.1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l exit-zero -d 'Always exit 0'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s q -l quiet -d 'Print only problems'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l askpass -d 'Prompt for the password, or read one line of stdin if it is not a terminal'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l no-auth-warning -d 'Do not warn about a password on the command line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l sandbox -d 'Use the embedded server on a free loopback port; nothing needs to be installed'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l no-resubscribe -d 'Do not resubscribe after a reconnect'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s c -s r -l count -d 'Stop after this many PINGs [default: until a signal]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s i -l interval -d 'Time between PINGs (bare numbers are seconds); 0 = back to back' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s w -l deadline -d 'Stop after this long, even without replies [default: until a signal]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s W -l timeout -d 'Count a PING as failed after this long without a reply' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l payload -d 'Extra bytes in each PING (64k, 1m; at most 16m)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s u -l uri -d 'Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s h -l host -d 'Host name or IP address [default: 127.0.0.1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s p -l port -d 'Port [default: 6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s s -l socket -d 'Unix socket instead of host and port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s n -l db -d 'Logical database [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s a -l pass -d 'Password; safer in the environment or with --askpass [env: REDISCLI_AUTH, VALKEYCLI_AUTH]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l user -d 'ACL user [default: the server\'s default user]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l name -d 'Client name of the connections under test, as in CLIENT LIST' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l protocol -d 'Protocol; auto falls back to RESP2 where HELLO is refused, as by many proxies, with a second connection for subscriptions [default: resp3]' -r -f -a "resp3\t''
resp2\t''
auto\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l fault -d 'Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; \'redis-doctor proxy --help\' lists the kinds)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l incident -d 'Replay the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l policy -d 'Preset that the flags below override: hardened is recommended, library is the redis-rs default, elasticache is the published fix for the reset incident, bare never reconnects' -r -f -a "hardened\t''
library\t''
elasticache\t''
bare\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l retries -d 'Retries after the first attempt of a reconnect: a number, or unlimited [hardened: unlimited]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l min-delay -d 'First delay between attempts, before jitter [hardened: 100ms]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l spread -d 'Add a random part of this to the first delay of each connection, so that a fleet does not reconnect in step; later delays grow from there [default: 0s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l max-delay -d 'Largest delay between attempts, before jitter [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l backoff-base -d 'Factor from one delay to the next, from 1 [hardened: 2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l connect-timeout -d 'Timeout of one connection attempt: DNS, TCP, TLS and HELLO together [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l response-timeout -d 'Client-library response timeout [hardened: 2s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l keepalive -d 'TCP keepalive: idle seconds / interval / probes, or off [hardened: 10/5/3]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l user-timeout -d 'TCP_USER_TIMEOUT: close the connection when sent data stays unacknowledged for this long, or off [hardened: 25s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l nodelay -d 'Send small writes immediately (TCP_NODELAY) [hardened: on]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l watchdog -d 'Send a PING every TIME and reconnect after N go unanswered, or off [hardened: 1sx2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s o -l output -d 'Write the report to this file' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l color -d 'Use color; auto means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l journal -d 'Append every event to this file as NDJSON, to replay with redis-doctor report' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l fail-on -d 'Exit 2 (critical) if this holds: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l warn-on -d 'Exit 1 (degraded) if this holds (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l seed -d 'Seed for all randomness [default: random; shown in the report]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l format -d 'Form of the report' -r -f -a "text\t''
json\t''
ndjson\t''
csv\t''
openmetrics\t''
nagios\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s D -l timestamps -d 'Print a Unix timestamp before each line, like ping -D'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l askpass -d 'Prompt for the password, or read one line of stdin if it is not a terminal'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l no-auth-warning -d 'Do not warn about a password on the command line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l sandbox -d 'Use the embedded server on a free loopback port; nothing needs to be installed'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l no-resubscribe -d 'Do not resubscribe after a reconnect'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s q -l quiet -d 'Print only the report, without event lines or progress'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l exit-zero -d 'Always exit 0'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l no-evidence -d 'Gather no evidence about outages: send no INFO, CONFIG GET or CLIENT LIST on separate short-lived connections, and do not read the kernel\'s socket table'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l pattern -d 'Subscribe to a pattern, as PSUBSCRIBE does (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l shard -d 'Subscribe to a shard channel, as SSUBSCRIBE does (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s c -l count -d 'Stop after this many messages [default: until a signal]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s d -l duration -d 'Stop after this long (bare numbers are seconds) [default: until a signal]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l expect-every -d 'Report a gap if no message arrives for this long' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l rate -d 'Publish rate of --verify: 10, 10/s, 600/m [default: 10/s]' -r
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
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s a -l pass -d 'Password; safer in the environment or with --askpass [env: REDISCLI_AUTH, VALKEYCLI_AUTH]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l user -d 'ACL user [default: the server\'s default user]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l name -d 'Client name of the connections under test, as in CLIENT LIST' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l protocol -d 'Protocol; auto falls back to RESP2 where HELLO is refused, as by many proxies, with a second connection for subscriptions [default: resp3]' -r -f -a "resp3\t''
resp2\t''
auto\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l fault -d 'Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; \'redis-doctor proxy --help\' lists the kinds)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l incident -d 'Replay the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l policy -d 'Preset that the flags below override: hardened is recommended, library is the redis-rs default, elasticache is the published fix for the reset incident, bare never reconnects' -r -f -a "hardened\t''
library\t''
elasticache\t''
bare\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l retries -d 'Retries after the first attempt of a reconnect: a number, or unlimited [hardened: unlimited]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l min-delay -d 'First delay between attempts, before jitter [hardened: 100ms]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l spread -d 'Add a random part of this to the first delay of each connection, so that a fleet does not reconnect in step; later delays grow from there [default: 0s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l max-delay -d 'Largest delay between attempts, before jitter [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l backoff-base -d 'Factor from one delay to the next, from 1 [hardened: 2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l connect-timeout -d 'Timeout of one connection attempt: DNS, TCP, TLS and HELLO together [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l response-timeout -d 'Client-library response timeout [hardened: 2s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l keepalive -d 'TCP keepalive: idle seconds / interval / probes, or off [hardened: 10/5/3]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l user-timeout -d 'TCP_USER_TIMEOUT: close the connection when sent data stays unacknowledged for this long, or off [hardened: 25s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l nodelay -d 'Send small writes immediately (TCP_NODELAY) [hardened: on]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l watchdog -d 'Send a PING every TIME and reconnect after N go unanswered, or off [hardened: 1sx2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s o -l output -d 'Write the report to this file' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l color -d 'Use color; auto means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l journal -d 'Append every event to this file as NDJSON, to replay with redis-doctor report' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l fail-on -d 'Exit 2 (critical) if this holds: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l warn-on -d 'Exit 1 (degraded) if this holds (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l seed -d 'Seed for all randomness [default: random; shown in the report]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l verify -d 'Publish numbered messages to each CHANNEL from a second connection and account for each; other subscribers see them too'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s D -l timestamps -d 'Print the UTC time before each line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l askpass -d 'Prompt for the password, or read one line of stdin if it is not a terminal'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l no-auth-warning -d 'Do not warn about a password on the command line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l sandbox -d 'Use the embedded server on a free loopback port; nothing needs to be installed'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l no-resubscribe -d 'Do not resubscribe after a reconnect'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s q -l quiet -d 'Print only the report, without event lines or progress'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l exit-zero -d 'Always exit 0'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l no-evidence -d 'Gather no evidence about outages: send no INFO, CONFIG GET or CLIENT LIST on separate short-lived connections, and do not read the kernel\'s socket table'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s d -l duration -d 'Stop after this long (bare numbers are seconds) [default: until a signal]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l rate -d 'Probe rate of each connection: 10, 10/s, 600/m; 0 = unlimited [default: 10/s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l workload -d 'Workload, comma-separated; mixed is all three [default: ping,pubsub]' -r -f -a "ping\t'PING with a nonce'
pubsub\t'Numbered messages on channels redis-doctor:<run>:<n>, each accounted for'
kv\t'SET and GET of expiring keys under redis-doctor:'
mixed\t'All three'"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l connections -d 'Number of connections under test, 1 to 10000' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l concurrency -d 'Probes in flight at the same time on each connection, 1 to 10000 [default: 1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l payload -d 'Extra bytes in each probe (64k, 1m; at most 16m) [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s W -l timeout -d 'Count a probe as failed after this long without a reply [default: 2s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l verify-rate -d 'Rate of numbered messages of each connection: 10, 10/s, 600/m [default: 10/s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l channels -d 'Channels that each connection subscribes to, 1 to 10000; numbered messages go to the first [default: 1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s u -l uri -d 'Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s h -l host -d 'Host name or IP address [default: 127.0.0.1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s p -l port -d 'Port [default: 6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s s -l socket -d 'Unix socket instead of host and port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s n -l db -d 'Logical database [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s a -l pass -d 'Password; safer in the environment or with --askpass [env: REDISCLI_AUTH, VALKEYCLI_AUTH]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l user -d 'ACL user [default: the server\'s default user]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l name -d 'Client name of the connections under test, as in CLIENT LIST' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l protocol -d 'Protocol; auto falls back to RESP2 where HELLO is refused, as by many proxies, with a second connection for subscriptions [default: resp3]' -r -f -a "resp3\t''
resp2\t''
auto\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l fault -d 'Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; \'redis-doctor proxy --help\' lists the kinds)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l incident -d 'Replay the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l policy -d 'Preset that the flags below override: hardened is recommended, library is the redis-rs default, elasticache is the published fix for the reset incident, bare never reconnects' -r -f -a "hardened\t''
library\t''
elasticache\t''
bare\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l retries -d 'Retries after the first attempt of a reconnect: a number, or unlimited [hardened: unlimited]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l min-delay -d 'First delay between attempts, before jitter [hardened: 100ms]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l spread -d 'Add a random part of this to the first delay of each connection, so that a fleet does not reconnect in step; later delays grow from there [default: 0s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l max-delay -d 'Largest delay between attempts, before jitter [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l backoff-base -d 'Factor from one delay to the next, from 1 [hardened: 2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l connect-timeout -d 'Timeout of one connection attempt: DNS, TCP, TLS and HELLO together [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l response-timeout -d 'Client-library response timeout [hardened: 2s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l keepalive -d 'TCP keepalive: idle seconds / interval / probes, or off [hardened: 10/5/3]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l user-timeout -d 'TCP_USER_TIMEOUT: close the connection when sent data stays unacknowledged for this long, or off [hardened: 25s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l nodelay -d 'Send small writes immediately (TCP_NODELAY) [hardened: on]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l watchdog -d 'Send a PING every TIME and reconnect after N go unanswered, or off [hardened: 1sx2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s o -l output -d 'Write the report to this file' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l color -d 'Use color; auto means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l journal -d 'Append every event to this file as NDJSON, to replay with redis-doctor report' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l fail-on -d 'Exit 2 (critical) if this holds: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l warn-on -d 'Exit 1 (degraded) if this holds (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l seed -d 'Seed for all randomness [default: random; shown in the report]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l format -d 'Form of the report' -r -f -a "text\t''
json\t''
ndjson\t''
csv\t''
openmetrics\t''
nagios\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l stop-on-critical -d 'Stop when a connection cannot recover on its own, instead of continuing with a fresh one'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l askpass -d 'Prompt for the password, or read one line of stdin if it is not a terminal'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l no-auth-warning -d 'Do not warn about a password on the command line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l sandbox -d 'Use the embedded server on a free loopback port; nothing needs to be installed'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l no-resubscribe -d 'Do not resubscribe after a reconnect'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s q -l quiet -d 'Print only the report, without event lines or progress'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l exit-zero -d 'Always exit 0'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l no-evidence -d 'Gather no evidence about outages: send no INFO, CONFIG GET or CLIENT LIST on separate short-lived connections, and do not read the kernel\'s socket table'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l listen -d 'Address to listen on, or a port on 127.0.0.1; port 0 picks a free one' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -s u -l uri -d 'Server behind the proxy, as a URL [env: REDIS_URL, VALKEY_URL] [default: redis://127.0.0.1:6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l format -d 'Form of the events: text on stderr, or ndjson on stdout' -r -f -a "text\t''
ndjson\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l seed -d 'Seed for all randomness [default: random]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l fault -d 'Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; \'redis-doctor proxy --help\' lists the kinds)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l incident -d 'Replay the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l sandbox -d 'Put the embedded server behind the proxy'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l allow-remote -d 'Allow other machines to connect, to reach the server and to break its connections'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l case -d 'Cases to run, comma-separated (listed below)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l policy -d 'Policies to test, comma-separated' -r -f -a "hardened\t''
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
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l seed -d 'Seed for all randomness [default: random]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l fault -d 'Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; \'redis-doctor proxy --help\' lists the kinds)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l incident -d 'Replay the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s u -l uri -d 'Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s h -l host -d 'Host name or IP address [default: 127.0.0.1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s p -l port -d 'Port [default: 6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s s -l socket -d 'Unix socket instead of host and port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s n -l db -d 'Logical database [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s a -l pass -d 'Password; safer in the environment or with --askpass [env: REDISCLI_AUTH, VALKEYCLI_AUTH]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l user -d 'ACL user [default: the server\'s default user]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l name -d 'Client name of the connections under test, as in CLIENT LIST' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l protocol -d 'Protocol; auto falls back to RESP2 where HELLO is refused, as by many proxies, with a second connection for subscriptions [default: resp3]' -r -f -a "resp3\t''
resp2\t''
auto\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l all -d 'Run every case (the default without --case, --fault and --incident)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s q -l quiet -d 'Print no progress'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l askpass -d 'Prompt for the password, or read one line of stdin if it is not a terminal'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l no-auth-warning -d 'Do not warn about a password on the command line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l sandbox -d 'Use the embedded server on a free loopback port; nothing needs to be installed'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l max -d 'Longest limit to look for [default: 20m, or the profile\'s longest, or --must-survive]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l steps -d 'Number of parallel connections, each with its own silence, 1 to 10000; or the silences to try first: 30s,1m,5m' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l profile -d 'Search closely around the limits that are common in this cloud' -r -f -a "aws\t''
azure\t''
gcp\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l resolution -d 'Stop when the limit is known this precisely [default: 2 % of it, at least 100ms]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s W -l timeout -d 'Count the PING after a silence as lost after this long without a reply' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l must-survive -d 'Exit 2 (critical) unless connections survive this much silence; a longer limit is fine' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l format -d 'Form of the result' -r -f -a "text\t''
json\t''
ndjson\t''
nagios\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s o -l output -d 'Write the result to this file' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l seed -d 'Seed for all randomness of the faults [default: random]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l fault -d 'Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; \'redis-doctor proxy --help\' lists the kinds)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l incident -d 'Replay the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s u -l uri -d 'Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s h -l host -d 'Host name or IP address [default: 127.0.0.1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s p -l port -d 'Port [default: 6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s s -l socket -d 'Unix socket instead of host and port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s n -l db -d 'Logical database [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s a -l pass -d 'Password; safer in the environment or with --askpass [env: REDISCLI_AUTH, VALKEYCLI_AUTH]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l user -d 'ACL user [default: the server\'s default user]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l name -d 'Client name of the connections under test, as in CLIENT LIST' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l protocol -d 'Protocol; auto falls back to RESP2 where HELLO is refused, as by many proxies, with a second connection for subscriptions [default: resp3]' -r -f -a "resp3\t''
resp2\t''
auto\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s q -l quiet -d 'Print only the result'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l askpass -d 'Prompt for the password, or read one line of stdin if it is not a terminal'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l no-auth-warning -d 'Do not warn about a password on the command line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l sandbox -d 'Use the embedded server on a free loopback port; nothing needs to be installed'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l for -d 'State to wait for' -r -f -a "ready\t''
primary\t''
replica\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s W -l timeout -d 'Give up after this long' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s i -l interval -d 'Interval between checks' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s u -l uri -d 'Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s h -l host -d 'Host name or IP address [default: 127.0.0.1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s p -l port -d 'Port [default: 6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s s -l socket -d 'Unix socket instead of host and port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s n -l db -d 'Logical database [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s a -l pass -d 'Password; safer in the environment or with --askpass [env: REDISCLI_AUTH, VALKEYCLI_AUTH]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l user -d 'ACL user [default: the server\'s default user]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l name -d 'Client name of the connections under test, as in CLIENT LIST' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l protocol -d 'Protocol; auto falls back to RESP2 where HELLO is refused, as by many proxies, with a second connection for subscriptions [default: resp3]' -r -f -a "resp3\t''
resp2\t''
auto\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l fail-fast -d 'Stop immediately if waiting does not usually help: wrong password, missing permission, rejected certificate'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s q -l quiet -d 'Print only the last obstacle on a timeout'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l askpass -d 'Prompt for the password, or read one line of stdin if it is not a terminal'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l no-auth-warning -d 'Do not warn about a password on the command line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l sandbox -d 'Use the embedded server on a free loopback port; nothing needs to be installed'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -l format -d 'Form of the report' -r -f -a "text\t''
json\t''
ndjson\t''
csv\t''
openmetrics\t''
nagios\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -s o -l output -d 'Write the report to this file' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -l color -d 'Use color; auto means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -l fail-on -d 'Exit 2 (critical) if this holds: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -l warn-on -d 'Exit 1 (degraded) if this holds (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -s q -l quiet -d 'Print only the report, without event lines or progress'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -l exit-zero -d 'Always exit 0'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand explain" -l format -d 'Form of the explanation' -r -f -a "text\t''
json\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand explain" -l color -d 'Use color; auto means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand explain" -l list -d 'List all entries'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand explain" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand completions" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand man" -l help -d 'Print help (also a lone -h at the end)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "check" -d 'Check the server, the path and this machine once, in a few seconds (the default command)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "ping" -d 'Send PINGs over one connection and print a line per reply, like ping(8)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "subscribe" -d 'Tail channels over one connection, show every drop and resubscription, and optionally verify delivery'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "soak" -d 'Hold connections open for minutes or weeks under a verified workload, and report every outage'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "proxy" -d 'Run a fault proxy in front of a server, to test your own application in any language'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "drill" -d 'Run each reconnect policy through each fault, and show which client survives what'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "idle" -d 'Find the idle timeout of the path or server'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "wait" -d 'Wait until a server is ready, a primary or a replica, for scripts and containers'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "report" -d 'Rebuild a report from journals, including one cut off by a crash'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "explain" -d 'Explain an error, cause, state or finding: what it means, how to confirm it, what to do (offline)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "completions" -d 'Print a completion script for a shell'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "man" -d 'Print the manual page (roff)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak proxy drill idle wait report explain completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
