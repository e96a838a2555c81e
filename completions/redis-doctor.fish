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

complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -l help -d 'Print long help (-h at the end: short help)'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -s V -l version -d 'Print version'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "check" -d 'Check server, path and this machine once (the default command)'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "ping" -d 'Send PINGs over one connection, one line per reply, like ping(8)'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "subscribe" -d 'Tail channels; show drops, resubscriptions and lost messages'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "soak" -d 'Hold connections for minutes or weeks and report every outage'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "watch" -d 'Show each change of a server, its role or address as it happens'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "proxy" -d 'Run a fault proxy before a server, to test any application'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "drill" -d 'Run each reconnect policy, or an application, through each fault'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "idle" -d 'Find the idle timeout of the path or server'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "trace" -d 'Examine the connections of running applications (Linux)'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "wait" -d 'Wait until a server is ready, a primary or a replica'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "report" -d 'Rebuild a report from journals, including one cut off by a crash'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "compare" -d 'Compare two runs, and distinguish a change from noise'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "explain" -d 'Explain an error, cause or finding, and what to do (offline)'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "man" -d 'Print the manual page (roff)'
complete -c redis-doctor -n "__fish_redis_doctor_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s t -l timeout -d 'Stop after this long [default: 9s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s w -l warning -d 'Exit 1 (degraded) if PING takes longer, in ms' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s c -l critical -d 'Exit 2 (critical) if PING takes longer, in ms' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l tls-cert-warn -d 'Warn if the certificate expires within this time [default: 14d]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l format -d 'Result format' -r -f -a "text\t''
json\t''
openmetrics\t''
prometheus\t''
nagios\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s o -l output -d 'Write the result to this file, - for stdout' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l color -d 'When to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s u -l uri -d 'Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l targets -d 'Read servers from this file, - for stdin' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s p -l port -d 'Port [default: 6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s s -l socket -d 'Unix socket instead of host and port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s n -l db -d 'Logical database [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s a -l pass -d 'Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l user -d 'ACL user [default: the server\'s default user]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l pass-command -d 'Run this shell command for the password of each attempt' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l pass-file -d 'Read the password of each attempt from this file' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l name -d 'Client name of the connections, as in CLIENT LIST' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l protocol -d 'Protocol version [default: resp3]' -r -f -a "resp3\t''
resp2\t''
auto\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l spawn -d 'Start a real server on a free loopback port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l sni -d 'Name to send and to check in the certificate [default: the host]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l cacert -d 'Trust the authorities in this file (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l cacertdir -d 'Trust the authorities in the files of this directory' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l cert -d 'Certificate to present to the server (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l key -d 'Private key of the certificate (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l policy -d 'Preset that the flags below override' -r -f -a "hardened\t''
library\t''
elasticache\t''
bare\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l retries -d 'Retries of a failed reconnect, or unlimited [hardened: unlimited]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l min-delay -d 'First delay between attempts, before jitter [hardened: 100ms]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l spread -d 'Add up to this to the first delay, at random [default: 0s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l max-delay -d 'Largest delay between attempts, before jitter [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l backoff-base -d 'Factor from one delay to the next, from 1 [hardened: 2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l connect-timeout -d 'Timeout of a connection attempt [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l response-timeout -d 'Client-library response timeout [hardened: 2s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l keepalive -d 'Set TCP keepalive, or off [hardened: 10/5/3]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l user-timeout -d 'Set TCP_USER_TIMEOUT, or off [hardened: 25s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l nodelay -d 'Send small writes immediately (TCP_NODELAY) [hardened: on]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l watchdog -d 'Detect a dead connection with PINGs, or off [hardened: 1sx2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l resubscribe -d 'Way to resubscribe after a reconnect [hardened: paced]' -r -f -a "library\t''
paced\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l on-readonly -d 'Reaction to READONLY from a demoted server [hardened: rebuild]' -r -f -a "stay\t''
rebuild\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s h -s H -l host -d 'Host name or IP address [default: 127.0.0.1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l target -d 'Server with this name in the configuration file' -r -f -a "(redis-doctor completions --targets 2>/dev/null)"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l config -d 'Configuration file [default: ~/.config/redis-doctor/config.toml]' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l exit-zero -d 'Always exit 0'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -s q -l quiet -d 'Print only problems'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l askpass -d 'Prompt for the password'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l no-auth-warning -d 'Do not warn about a password on the command line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l sandbox -d 'Use the embedded server on a free loopback port'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l tls -d 'Encrypt the connection, as with rediss://'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l insecure -d 'Do not check the server\'s certificate'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l no-resubscribe -d 'Do not resubscribe after a reconnect'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand check" -l help -d 'Print long help (-h at the end: short help)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s c -s r -l count -d 'Stop after this many PINGs [default: until a signal]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s i -l interval -d 'Time between PINGs; 0 = back to back' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s w -l deadline -d 'Stop after this long [default: until a signal]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s W -l timeout -d 'Timeout of a PING' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l payload -d 'Extra bytes in each PING, at most 16m' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s t -l target -d 'Server with this name in the configuration file' -r -f -a "(redis-doctor completions --targets 2>/dev/null)"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s u -l uri -d 'Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l targets -d 'Read servers from this file, - for stdin' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s h -l host -d 'Host name or IP address [default: 127.0.0.1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s p -l port -d 'Port [default: 6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s s -l socket -d 'Unix socket instead of host and port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s n -l db -d 'Logical database [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s a -l pass -d 'Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l user -d 'ACL user [default: the server\'s default user]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l pass-command -d 'Run this shell command for the password of each attempt' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l pass-file -d 'Read the password of each attempt from this file' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l name -d 'Client name of the connections, as in CLIENT LIST' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l protocol -d 'Protocol version [default: resp3]' -r -f -a "resp3\t''
resp2\t''
auto\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l spawn -d 'Start a real server on a free loopback port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l sni -d 'Name to send and to check in the certificate [default: the host]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l cacert -d 'Trust the authorities in this file (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l cacertdir -d 'Trust the authorities in the files of this directory' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l cert -d 'Certificate to present to the server (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l key -d 'Private key of the certificate (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l fault -d 'Inject a fault with a proxy before the server (repeatable)' -r -f -a "reset_peer\t''
close\t''
half_close\t''
slow_close\t''
blackhole\t''
partition\t''
refuse\t''
stall_accept\t''
accept_close\t''
accept_reset\t''
latency\t''
bandwidth\t''
slicer\t''
limit_data\t''
idle_drop\t''
error_reply\t''
garbage\t''
truncate\t''
http_503\t''
push\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l incident -d 'Replay the faults of a known incident (repeatable)' -r -f -a "elasticache-reset\t''
nlb-idle\t''
nat-forget\t''
failover\t''
maintenance\t''
az-loss\t''
thundering-herd\t''
auth-rotation\t''
slow-resubscribe\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l policy -d 'Preset that the flags below override' -r -f -a "hardened\t''
library\t''
elasticache\t''
bare\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l retries -d 'Retries of a failed reconnect, or unlimited [hardened: unlimited]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l min-delay -d 'First delay between attempts, before jitter [hardened: 100ms]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l spread -d 'Add up to this to the first delay, at random [default: 0s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l max-delay -d 'Largest delay between attempts, before jitter [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l backoff-base -d 'Factor from one delay to the next, from 1 [hardened: 2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l connect-timeout -d 'Timeout of a connection attempt [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l response-timeout -d 'Client-library response timeout [hardened: 2s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l keepalive -d 'Set TCP keepalive, or off [hardened: 10/5/3]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l user-timeout -d 'Set TCP_USER_TIMEOUT, or off [hardened: 25s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l nodelay -d 'Send small writes immediately (TCP_NODELAY) [hardened: on]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l watchdog -d 'Detect a dead connection with PINGs, or off [hardened: 1sx2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l resubscribe -d 'Way to resubscribe after a reconnect [hardened: paced]' -r -f -a "library\t''
paced\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l on-readonly -d 'Reaction to READONLY from a demoted server [hardened: rebuild]' -r -f -a "stay\t''
rebuild\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s o -l output -d 'Write the report to this file, - for stdout' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l color -d 'When to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l journal -d 'Append all events to this file as NDJSON' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l journal-max-size -d 'Rename the journal to FILE.1 at this size' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l fail-on -d 'Exit 2 (critical) if this is true (repeatable)' -r -f -a "ambiguous\t''
attempts_failed\t''
availability\t''
bytes_in_doubt\t''
connections_lost\t''
desyncs\t''
duplicated\t''
e2e_p99\t''
elements_lost\t''
errors\t''
lost\t''
max\t''
mean\t''
outage\t''
p50\t''
p90\t''
p99\t''
p99.9\t''
ran_twice\t''
reconnect_peak\t''
reconnects\t''
reordered\t''
service\t''
timeouts\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l warn-on -d 'Exit 1 (degraded) if this is true (repeatable)' -r -f -a "ambiguous\t''
attempts_failed\t''
availability\t''
bytes_in_doubt\t''
connections_lost\t''
desyncs\t''
duplicated\t''
e2e_p99\t''
elements_lost\t''
errors\t''
lost\t''
max\t''
mean\t''
outage\t''
p50\t''
p90\t''
p99\t''
p99.9\t''
ran_twice\t''
reconnect_peak\t''
reconnects\t''
reordered\t''
service\t''
timeouts\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l sentinel -d 'Find the server by these Sentinels (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l master -d 'With --sentinel, the name of the primary' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l max-reply -d 'Largest reply of a connection under test [default: 64m]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l seed -d 'Seed for all randomness [default: random; shown in the report]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l format -d 'Report format [default: that of the name of --output, or text]' -r -f -a "text\t''
json\t''
ndjson\t''
csv\t''
openmetrics\t''
prometheus\t''
nagios\t''
markdown\t''
html\t''
hgrm\t''
hlog\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l rows -d 'Rows of CSV [default: figures]' -r -f -a "figures\t''
intervals\t''
outages\t''
errors\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l config -d 'Configuration file [default: ~/.config/redis-doctor/config.toml]' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s D -l timestamps -d 'Print a Unix timestamp before each line, like ping -D'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l askpass -d 'Prompt for the password'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l no-auth-warning -d 'Do not warn about a password on the command line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l sandbox -d 'Use the embedded server on a free loopback port'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l tls -d 'Encrypt the connection, as with rediss://'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l insecure -d 'Do not check the server\'s certificate'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l no-resubscribe -d 'Do not resubscribe after a reconnect'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s q -l quiet -d 'Print only the report, no events or progress'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -s v -l verbose -d 'Show every section of the text report'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l local-time -d 'Show local times instead of UTC'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l journal-reopen -d 'Do not end the run on SIGHUP, for logrotate'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l exit-zero -d 'Always exit 0'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l cluster -d 'Examine all primaries of the cluster of this server'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l replicas -d 'With --cluster, examine the replicas, too'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l no-evidence -d 'Gather no evidence about outages'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand ping" -l help -d 'Print long help (-h at the end: short help)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l pattern -d 'Subscribe to a pattern with PSUBSCRIBE (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l shard -d 'Subscribe to a shard channel with SSUBSCRIBE (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s c -l count -d 'Stop after this many messages [default: until a signal]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s d -l duration -d 'Stop after this long [default: until a signal]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l expect-every -d 'Report a gap if no message arrives for this long' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l rate -d 'Publish rate of --verify [default: 10/s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l format -d 'Message format on stdout' -r -f -a "text\t''
ndjson\t''
raw\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l report-format -d 'Report format of --output [default: that of its name, or text]' -r -f -a "text\t''
json\t''
ndjson\t''
csv\t''
openmetrics\t''
prometheus\t''
nagios\t''
markdown\t''
html\t''
hgrm\t''
hlog\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s t -l target -d 'Server with this name in the configuration file' -r -f -a "(redis-doctor completions --targets 2>/dev/null)"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s u -l uri -d 'Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l targets -d 'Read servers from this file, - for stdin' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s h -l host -d 'Host name or IP address [default: 127.0.0.1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s p -l port -d 'Port [default: 6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s s -l socket -d 'Unix socket instead of host and port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s n -l db -d 'Logical database [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s a -l pass -d 'Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l user -d 'ACL user [default: the server\'s default user]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l pass-command -d 'Run this shell command for the password of each attempt' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l pass-file -d 'Read the password of each attempt from this file' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l name -d 'Client name of the connections, as in CLIENT LIST' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l protocol -d 'Protocol version [default: resp3]' -r -f -a "resp3\t''
resp2\t''
auto\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l spawn -d 'Start a real server on a free loopback port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l sni -d 'Name to send and to check in the certificate [default: the host]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l cacert -d 'Trust the authorities in this file (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l cacertdir -d 'Trust the authorities in the files of this directory' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l cert -d 'Certificate to present to the server (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l key -d 'Private key of the certificate (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l fault -d 'Inject a fault with a proxy before the server (repeatable)' -r -f -a "reset_peer\t''
close\t''
half_close\t''
slow_close\t''
blackhole\t''
partition\t''
refuse\t''
stall_accept\t''
accept_close\t''
accept_reset\t''
latency\t''
bandwidth\t''
slicer\t''
limit_data\t''
idle_drop\t''
error_reply\t''
garbage\t''
truncate\t''
http_503\t''
push\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l incident -d 'Replay the faults of a known incident (repeatable)' -r -f -a "elasticache-reset\t''
nlb-idle\t''
nat-forget\t''
failover\t''
maintenance\t''
az-loss\t''
thundering-herd\t''
auth-rotation\t''
slow-resubscribe\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l policy -d 'Preset that the flags below override' -r -f -a "hardened\t''
library\t''
elasticache\t''
bare\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l retries -d 'Retries of a failed reconnect, or unlimited [hardened: unlimited]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l min-delay -d 'First delay between attempts, before jitter [hardened: 100ms]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l spread -d 'Add up to this to the first delay, at random [default: 0s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l max-delay -d 'Largest delay between attempts, before jitter [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l backoff-base -d 'Factor from one delay to the next, from 1 [hardened: 2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l connect-timeout -d 'Timeout of a connection attempt [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l response-timeout -d 'Client-library response timeout [hardened: 2s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l keepalive -d 'Set TCP keepalive, or off [hardened: 10/5/3]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l user-timeout -d 'Set TCP_USER_TIMEOUT, or off [hardened: 25s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l nodelay -d 'Send small writes immediately (TCP_NODELAY) [hardened: on]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l watchdog -d 'Detect a dead connection with PINGs, or off [hardened: 1sx2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l resubscribe -d 'Way to resubscribe after a reconnect [hardened: paced]' -r -f -a "library\t''
paced\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l on-readonly -d 'Reaction to READONLY from a demoted server [hardened: rebuild]' -r -f -a "stay\t''
rebuild\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s o -l output -d 'Write the report to this file, - for stdout' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l color -d 'When to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l journal -d 'Append all events to this file as NDJSON' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l journal-max-size -d 'Rename the journal to FILE.1 at this size' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l fail-on -d 'Exit 2 (critical) if this is true (repeatable)' -r -f -a "ambiguous\t''
attempts_failed\t''
availability\t''
bytes_in_doubt\t''
connections_lost\t''
desyncs\t''
duplicated\t''
e2e_p99\t''
elements_lost\t''
errors\t''
lost\t''
max\t''
mean\t''
outage\t''
p50\t''
p90\t''
p99\t''
p99.9\t''
ran_twice\t''
reconnect_peak\t''
reconnects\t''
reordered\t''
service\t''
timeouts\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l warn-on -d 'Exit 1 (degraded) if this is true (repeatable)' -r -f -a "ambiguous\t''
attempts_failed\t''
availability\t''
bytes_in_doubt\t''
connections_lost\t''
desyncs\t''
duplicated\t''
e2e_p99\t''
elements_lost\t''
errors\t''
lost\t''
max\t''
mean\t''
outage\t''
p50\t''
p90\t''
p99\t''
p99.9\t''
ran_twice\t''
reconnect_peak\t''
reconnects\t''
reordered\t''
service\t''
timeouts\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l sentinel -d 'Find the server by these Sentinels (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l master -d 'With --sentinel, the name of the primary' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l max-reply -d 'Largest reply of a connection under test [default: 64m]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l seed -d 'Seed for all randomness [default: random; shown in the report]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l listen-metrics -d 'Serve metrics to Prometheus at this address' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l allow-probe -d 'Let a scraper check this server, too (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l otlp -d 'Send metrics and outages to an OTLP collector' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l otlp-header -d 'Send this header to the collector (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l otlp-cacert -d 'Trust the authorities in this PEM file for the collector' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l config -d 'Configuration file [default: ~/.config/redis-doctor/config.toml]' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l verify -d 'Publish numbered messages and account for each'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s D -l timestamps -d 'Print the UTC time before each line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l askpass -d 'Prompt for the password'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l no-auth-warning -d 'Do not warn about a password on the command line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l sandbox -d 'Use the embedded server on a free loopback port'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l tls -d 'Encrypt the connection, as with rediss://'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l insecure -d 'Do not check the server\'s certificate'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l no-resubscribe -d 'Do not resubscribe after a reconnect'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s q -l quiet -d 'Print only the report, no events or progress'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -s v -l verbose -d 'Show every section of the text report'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l local-time -d 'Show local times instead of UTC'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l journal-reopen -d 'Do not end the run on SIGHUP, for logrotate'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l exit-zero -d 'Always exit 0'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l cluster -d 'Examine all primaries of the cluster of this server'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l replicas -d 'With --cluster, examine the replicas, too'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l no-evidence -d 'Gather no evidence about outages'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand subscribe" -l help -d 'Print long help (-h at the end: short help)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s d -l duration -d 'Stop after this long [default: until a signal]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l rate -d 'Probe rate per connection; 0 = unlimited [default: 10/s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l workload -d 'Workload, comma-separated [default: ping,pubsub]' -r -f -a "ping\t'PING with a nonce'
pubsub\t'Numbered messages on channels redis-doctor:RUN:N, each accounted for'
shard-pubsub\t'The same on shard channels (SSUBSCRIBE), in a cluster of each node\'s slots'
kv\t'SET and GET of expiring keys under redis-doctor:'
mixed\t'PING, messages, and SET and GET'
ledger\t'SET of numbered keys, read back at the end'"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l connections -d 'Number of connections under test, 1 to 10000' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l concurrency -d 'Probes in flight per connection, 1 to 10000 [default: 1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l payload -d 'Extra bytes in each probe, at most 16m [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s W -l timeout -d 'Timeout of a probe [default: 2s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l verify-rate -d 'Numbered messages per connection [default: 10/s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l channels -d 'Channels per connection, 1 to 10000 [default: 1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l baseline -d 'Compare with this earlier run at the end' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l via -d 'With --cluster, the client of the commands [default: direct]' -r -f -a "direct\t''
cluster-client\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s t -l target -d 'Server with this name in the configuration file' -r -f -a "(redis-doctor completions --targets 2>/dev/null)"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s u -l uri -d 'Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l targets -d 'Read servers from this file, - for stdin' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s h -l host -d 'Host name or IP address [default: 127.0.0.1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s p -l port -d 'Port [default: 6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s s -l socket -d 'Unix socket instead of host and port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s n -l db -d 'Logical database [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s a -l pass -d 'Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l user -d 'ACL user [default: the server\'s default user]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l pass-command -d 'Run this shell command for the password of each attempt' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l pass-file -d 'Read the password of each attempt from this file' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l name -d 'Client name of the connections, as in CLIENT LIST' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l protocol -d 'Protocol version [default: resp3]' -r -f -a "resp3\t''
resp2\t''
auto\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l spawn -d 'Start a real server on a free loopback port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l sni -d 'Name to send and to check in the certificate [default: the host]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l cacert -d 'Trust the authorities in this file (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l cacertdir -d 'Trust the authorities in the files of this directory' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l cert -d 'Certificate to present to the server (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l key -d 'Private key of the certificate (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l fault -d 'Inject a fault with a proxy before the server (repeatable)' -r -f -a "reset_peer\t''
close\t''
half_close\t''
slow_close\t''
blackhole\t''
partition\t''
refuse\t''
stall_accept\t''
accept_close\t''
accept_reset\t''
latency\t''
bandwidth\t''
slicer\t''
limit_data\t''
idle_drop\t''
error_reply\t''
garbage\t''
truncate\t''
http_503\t''
push\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l incident -d 'Replay the faults of a known incident (repeatable)' -r -f -a "elasticache-reset\t''
nlb-idle\t''
nat-forget\t''
failover\t''
maintenance\t''
az-loss\t''
thundering-herd\t''
auth-rotation\t''
slow-resubscribe\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l policy -d 'Preset that the flags below override' -r -f -a "hardened\t''
library\t''
elasticache\t''
bare\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l retries -d 'Retries of a failed reconnect, or unlimited [hardened: unlimited]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l min-delay -d 'First delay between attempts, before jitter [hardened: 100ms]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l spread -d 'Add up to this to the first delay, at random [default: 0s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l max-delay -d 'Largest delay between attempts, before jitter [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l backoff-base -d 'Factor from one delay to the next, from 1 [hardened: 2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l connect-timeout -d 'Timeout of a connection attempt [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l response-timeout -d 'Client-library response timeout [hardened: 2s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l keepalive -d 'Set TCP keepalive, or off [hardened: 10/5/3]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l user-timeout -d 'Set TCP_USER_TIMEOUT, or off [hardened: 25s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l nodelay -d 'Send small writes immediately (TCP_NODELAY) [hardened: on]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l watchdog -d 'Detect a dead connection with PINGs, or off [hardened: 1sx2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l resubscribe -d 'Way to resubscribe after a reconnect [hardened: paced]' -r -f -a "library\t''
paced\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l on-readonly -d 'Reaction to READONLY from a demoted server [hardened: rebuild]' -r -f -a "stay\t''
rebuild\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s o -l output -d 'Write the report to this file, - for stdout' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l color -d 'When to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l journal -d 'Append all events to this file as NDJSON' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l journal-max-size -d 'Rename the journal to FILE.1 at this size' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l fail-on -d 'Exit 2 (critical) if this is true (repeatable)' -r -f -a "ambiguous\t''
attempts_failed\t''
availability\t''
bytes_in_doubt\t''
connections_lost\t''
desyncs\t''
duplicated\t''
e2e_p99\t''
elements_lost\t''
errors\t''
lost\t''
max\t''
mean\t''
outage\t''
p50\t''
p90\t''
p99\t''
p99.9\t''
ran_twice\t''
reconnect_peak\t''
reconnects\t''
reordered\t''
service\t''
timeouts\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l warn-on -d 'Exit 1 (degraded) if this is true (repeatable)' -r -f -a "ambiguous\t''
attempts_failed\t''
availability\t''
bytes_in_doubt\t''
connections_lost\t''
desyncs\t''
duplicated\t''
e2e_p99\t''
elements_lost\t''
errors\t''
lost\t''
max\t''
mean\t''
outage\t''
p50\t''
p90\t''
p99\t''
p99.9\t''
ran_twice\t''
reconnect_peak\t''
reconnects\t''
reordered\t''
service\t''
timeouts\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l sentinel -d 'Find the server by these Sentinels (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l master -d 'With --sentinel, the name of the primary' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l max-reply -d 'Largest reply of a connection under test [default: 64m]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l seed -d 'Seed for all randomness [default: random; shown in the report]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l format -d 'Report format [default: that of the name of --output, or text]' -r -f -a "text\t''
json\t''
ndjson\t''
csv\t''
openmetrics\t''
prometheus\t''
nagios\t''
markdown\t''
html\t''
hgrm\t''
hlog\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l rows -d 'Rows of CSV [default: figures]' -r -f -a "figures\t''
intervals\t''
outages\t''
errors\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l listen-metrics -d 'Serve metrics to Prometheus at this address' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l allow-probe -d 'Let a scraper check this server, too (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l otlp -d 'Send metrics and outages to an OTLP collector' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l otlp-header -d 'Send this header to the collector (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l otlp-cacert -d 'Trust the authorities in this PEM file for the collector' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l config -d 'Configuration file [default: ~/.config/redis-doctor/config.toml]' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l stop-on-critical -d 'Stop when a connection cannot recover on its own'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l askpass -d 'Prompt for the password'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l no-auth-warning -d 'Do not warn about a password on the command line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l sandbox -d 'Use the embedded server on a free loopback port'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l tls -d 'Encrypt the connection, as with rediss://'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l insecure -d 'Do not check the server\'s certificate'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l no-resubscribe -d 'Do not resubscribe after a reconnect'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s q -l quiet -d 'Print only the report, no events or progress'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -s v -l verbose -d 'Show every section of the text report'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l local-time -d 'Show local times instead of UTC'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l journal-reopen -d 'Do not end the run on SIGHUP, for logrotate'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l exit-zero -d 'Always exit 0'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l cluster -d 'Examine all primaries of the cluster of this server'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l replicas -d 'With --cluster, examine the replicas, too'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l no-evidence -d 'Gather no evidence about outages'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand soak" -l help -d 'Print long help (-h at the end: short help)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -s d -l duration -d 'Stop after this long [default: until a signal]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l rate -d 'Probe rate per connection; 0 = unlimited [default: 10/s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l workload -d 'Workload, comma-separated [default: ping,pubsub]' -r -f -a "ping\t'PING with a nonce'
pubsub\t'Numbered messages on channels redis-doctor:RUN:N, each accounted for'
shard-pubsub\t'The same on shard channels (SSUBSCRIBE), in a cluster of each node\'s slots'
kv\t'SET and GET of expiring keys under redis-doctor:'
mixed\t'PING, messages, and SET and GET'
ledger\t'SET of numbered keys, read back at the end'"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l connections -d 'Number of connections under test, 1 to 10000' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l concurrency -d 'Probes in flight per connection, 1 to 10000 [default: 1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l payload -d 'Extra bytes in each probe, at most 16m [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -s W -l timeout -d 'Timeout of a probe [default: 2s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l verify-rate -d 'Numbered messages per connection [default: 10/s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l channels -d 'Channels per connection, 1 to 10000 [default: 1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l baseline -d 'Compare with this earlier run at the end' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l via -d 'With --cluster, the client of the commands [default: direct]' -r -f -a "direct\t''
cluster-client\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -s t -l target -d 'Server with this name in the configuration file' -r -f -a "(redis-doctor completions --targets 2>/dev/null)"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -s u -l uri -d 'Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l targets -d 'Read servers from this file, - for stdin' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -s h -l host -d 'Host name or IP address [default: 127.0.0.1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -s p -l port -d 'Port [default: 6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -s s -l socket -d 'Unix socket instead of host and port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -s n -l db -d 'Logical database [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -s a -l pass -d 'Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l user -d 'ACL user [default: the server\'s default user]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l pass-command -d 'Run this shell command for the password of each attempt' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l pass-file -d 'Read the password of each attempt from this file' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l name -d 'Client name of the connections, as in CLIENT LIST' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l protocol -d 'Protocol version [default: resp3]' -r -f -a "resp3\t''
resp2\t''
auto\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l spawn -d 'Start a real server on a free loopback port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l sni -d 'Name to send and to check in the certificate [default: the host]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l cacert -d 'Trust the authorities in this file (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l cacertdir -d 'Trust the authorities in the files of this directory' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l cert -d 'Certificate to present to the server (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l key -d 'Private key of the certificate (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l fault -d 'Inject a fault with a proxy before the server (repeatable)' -r -f -a "reset_peer\t''
close\t''
half_close\t''
slow_close\t''
blackhole\t''
partition\t''
refuse\t''
stall_accept\t''
accept_close\t''
accept_reset\t''
latency\t''
bandwidth\t''
slicer\t''
limit_data\t''
idle_drop\t''
error_reply\t''
garbage\t''
truncate\t''
http_503\t''
push\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l incident -d 'Replay the faults of a known incident (repeatable)' -r -f -a "elasticache-reset\t''
nlb-idle\t''
nat-forget\t''
failover\t''
maintenance\t''
az-loss\t''
thundering-herd\t''
auth-rotation\t''
slow-resubscribe\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l policy -d 'Preset that the flags below override' -r -f -a "hardened\t''
library\t''
elasticache\t''
bare\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l retries -d 'Retries of a failed reconnect, or unlimited [hardened: unlimited]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l min-delay -d 'First delay between attempts, before jitter [hardened: 100ms]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l spread -d 'Add up to this to the first delay, at random [default: 0s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l max-delay -d 'Largest delay between attempts, before jitter [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l backoff-base -d 'Factor from one delay to the next, from 1 [hardened: 2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l connect-timeout -d 'Timeout of a connection attempt [hardened: 5s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l response-timeout -d 'Client-library response timeout [hardened: 2s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l keepalive -d 'Set TCP keepalive, or off [hardened: 10/5/3]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l user-timeout -d 'Set TCP_USER_TIMEOUT, or off [hardened: 25s]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l nodelay -d 'Send small writes immediately (TCP_NODELAY) [hardened: on]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l watchdog -d 'Detect a dead connection with PINGs, or off [hardened: 1sx2]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l resubscribe -d 'Way to resubscribe after a reconnect [hardened: paced]' -r -f -a "library\t''
paced\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l on-readonly -d 'Reaction to READONLY from a demoted server [hardened: rebuild]' -r -f -a "stay\t''
rebuild\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -s o -l output -d 'Write the report to this file, - for stdout' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l color -d 'When to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l journal -d 'Append all events to this file as NDJSON' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l journal-max-size -d 'Rename the journal to FILE.1 at this size' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l fail-on -d 'Exit 2 (critical) if this is true (repeatable)' -r -f -a "ambiguous\t''
attempts_failed\t''
availability\t''
bytes_in_doubt\t''
connections_lost\t''
desyncs\t''
duplicated\t''
e2e_p99\t''
elements_lost\t''
errors\t''
lost\t''
max\t''
mean\t''
outage\t''
p50\t''
p90\t''
p99\t''
p99.9\t''
ran_twice\t''
reconnect_peak\t''
reconnects\t''
reordered\t''
service\t''
timeouts\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l warn-on -d 'Exit 1 (degraded) if this is true (repeatable)' -r -f -a "ambiguous\t''
attempts_failed\t''
availability\t''
bytes_in_doubt\t''
connections_lost\t''
desyncs\t''
duplicated\t''
e2e_p99\t''
elements_lost\t''
errors\t''
lost\t''
max\t''
mean\t''
outage\t''
p50\t''
p90\t''
p99\t''
p99.9\t''
ran_twice\t''
reconnect_peak\t''
reconnects\t''
reordered\t''
service\t''
timeouts\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l sentinel -d 'Find the server by these Sentinels (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l master -d 'With --sentinel, the name of the primary' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l max-reply -d 'Largest reply of a connection under test [default: 64m]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l seed -d 'Seed for all randomness [default: random; shown in the report]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l format -d 'Report format [default: that of the name of --output, or text]' -r -f -a "text\t''
json\t''
ndjson\t''
csv\t''
openmetrics\t''
prometheus\t''
nagios\t''
markdown\t''
html\t''
hgrm\t''
hlog\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l rows -d 'Rows of CSV [default: figures]' -r -f -a "figures\t''
intervals\t''
outages\t''
errors\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l listen-metrics -d 'Serve metrics to Prometheus at this address' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l allow-probe -d 'Let a scraper check this server, too (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l otlp -d 'Send metrics and outages to an OTLP collector' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l otlp-header -d 'Send this header to the collector (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l otlp-cacert -d 'Trust the authorities in this PEM file for the collector' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l config -d 'Configuration file [default: ~/.config/redis-doctor/config.toml]' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l stop-on-critical -d 'Stop when a connection cannot recover on its own'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l askpass -d 'Prompt for the password'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l no-auth-warning -d 'Do not warn about a password on the command line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l sandbox -d 'Use the embedded server on a free loopback port'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l tls -d 'Encrypt the connection, as with rediss://'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l insecure -d 'Do not check the server\'s certificate'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l no-resubscribe -d 'Do not resubscribe after a reconnect'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -s q -l quiet -d 'Print only the report, no events or progress'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -s v -l verbose -d 'Show every section of the text report'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l local-time -d 'Show local times instead of UTC'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l journal-reopen -d 'Do not end the run on SIGHUP, for logrotate'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l exit-zero -d 'Always exit 0'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l cluster -d 'Examine all primaries of the cluster of this server'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l replicas -d 'With --cluster, examine the replicas, too'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l no-evidence -d 'Gather no evidence about outages'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand watch" -l help -d 'Print long help (-h at the end: short help)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l listen -d 'Address to listen on; port 0 picks a free one' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -s u -l uri -d 'URL of the server [env: REDIS_URL, VALKEY_URL]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l spawn -d 'Start a real server on a free loopback port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l seed -d 'Seed for all randomness [default: random]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l fault -d 'Inject a fault with a proxy before the server (repeatable)' -r -f -a "reset_peer\t''
close\t''
half_close\t''
slow_close\t''
blackhole\t''
partition\t''
refuse\t''
stall_accept\t''
accept_close\t''
accept_reset\t''
latency\t''
bandwidth\t''
slicer\t''
limit_data\t''
idle_drop\t''
error_reply\t''
garbage\t''
truncate\t''
http_503\t''
push\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l incident -d 'Replay the faults of a known incident (repeatable)' -r -f -a "elasticache-reset\t''
nlb-idle\t''
nat-forget\t''
failover\t''
maintenance\t''
az-loss\t''
thundering-herd\t''
auth-rotation\t''
slow-resubscribe\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l sni -d 'Name to send and to check in the certificate [default: the host]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l cacert -d 'Trust the authorities in this file (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l cacertdir -d 'Trust the authorities in the files of this directory' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l cert -d 'Certificate to present to the server (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l key -d 'Private key of the certificate (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l format -d 'Report format [default: that of the name of --output, or text]' -r -f -a "text\t''
json\t''
ndjson\t''
csv\t''
openmetrics\t''
prometheus\t''
nagios\t''
markdown\t''
html\t''
hgrm\t''
hlog\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l rows -d 'Rows of CSV [default: figures]' -r -f -a "figures\t''
intervals\t''
outages\t''
errors\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -s o -l output -d 'Write the report to this file, - for stdout' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l color -d 'When to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l journal -d 'Append all events to this file as NDJSON' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l journal-max-size -d 'Rename the journal to FILE.1 at this size' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l fail-on -d 'Exit 2 (critical) if this is true (repeatable)' -r -f -a "ambiguous\t''
attempts_failed\t''
availability\t''
bytes_in_doubt\t''
connections_lost\t''
desyncs\t''
duplicated\t''
e2e_p99\t''
elements_lost\t''
errors\t''
lost\t''
max\t''
mean\t''
outage\t''
p50\t''
p90\t''
p99\t''
p99.9\t''
ran_twice\t''
reconnect_peak\t''
reconnects\t''
reordered\t''
service\t''
timeouts\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l warn-on -d 'Exit 1 (degraded) if this is true (repeatable)' -r -f -a "ambiguous\t''
attempts_failed\t''
availability\t''
bytes_in_doubt\t''
connections_lost\t''
desyncs\t''
duplicated\t''
e2e_p99\t''
elements_lost\t''
errors\t''
lost\t''
max\t''
mean\t''
outage\t''
p50\t''
p90\t''
p99\t''
p99.9\t''
ran_twice\t''
reconnect_peak\t''
reconnects\t''
reordered\t''
service\t''
timeouts\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l listen-metrics -d 'Serve metrics to Prometheus at this address' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l allow-probe -d 'Let a scraper check this server, too (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l otlp -d 'Send metrics and outages to an OTLP collector' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l otlp-header -d 'Send this header to the collector (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l otlp-cacert -d 'Trust the authorities in this PEM file for the collector' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l config -d 'Configuration file [default: ~/.config/redis-doctor/config.toml]' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l sandbox -d 'Use the embedded server'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l allow-remote -d 'Allow other machines to connect'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l no-control -d 'Take no orders on the wire'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l report -d 'Observe the application, and report on it at the end'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l tls -d 'Encrypt the connection, as with rediss://'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l insecure -d 'Do not check the server\'s certificate'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -s q -l quiet -d 'Print only the report, no events or progress'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l journal-reopen -d 'Do not end the run on SIGHUP, for logrotate'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l exit-zero -d 'Always exit 0'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l no-evidence -d 'Gather no evidence about outages'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand proxy" -l help -d 'Print long help (-h at the end: short help)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l case -d 'Cases to run, comma-separated' -r -f -a "reset-idle\t''
reset-in-flight\t''
reset-client-only\t''
close\t''
half-close\t''
blackhole\t''
partition-4s\t''
refuse-2s\t''
refuse-12s\t''
refuse-12s-silent\t''
stall-accept-4s\t''
accept-close-2s\t''
accept-reset-2s\t''
wrongpass-11s\t''
http-503-11s\t''
garbage-11s\t''
max-clients-3s\t''
loading-3s\t''
noperm-resubscribe\t''
slow-resubscribe\t''
many-channels\t''
readonly\t''
latency-700ms\t''
slicer\t''
truncate\t''
idle-drop-reset\t''
maintenance-push\t''
partition-8s\t''
blackhole-70s\t''
forgotten\t''
noauth-6s\t''
max-clients-6s\t''
loading-6s\t''
readonly-6s\t''
noperm-resubscribe-6s\t''
cut-reply-1s\t''
sentinel-failover\t''
kill-primary\t''
freeze-primary\t''
cluster-failover\t''
kill-node\t''
move-slot\t''
lose-slots\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l lab -d 'Drill a set of servers that redis-doctor starts for it' -r -f -a "sentinel\t''
cluster\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l policy -d 'Policies to test, comma-separated' -r -f -a "hardened\t''
library\t''
elasticache\t''
bare\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l must-survive -d 'Exit 2 unless these policies survive every case' -r -f -a "bare\t''
library\t''
elasticache\t''
hardened\t''
all\t''
reset-idle\t''
reset-in-flight\t''
close\t''
half-close\t''
partition-8s\t''
blackhole-70s\t''
forgotten\t''
refuse-12s\t''
noauth-6s\t''
max-clients-6s\t''
loading-6s\t''
readonly-6s\t''
noperm-resubscribe-6s\t''
cut-reply-1s\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l exec -d 'Start this application, and drill it instead of the policies' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l listen -d 'Drill the application that connects to this address' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l url-env -d 'Put the URL of the proxy into this variable, too (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l health -d 'Check the health of the application with this command' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l load -d 'Run this command beside the application' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l jobs -d 'Run this many cases at the same time [default: 4]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l log-dir -d 'Write the output of the application to this folder' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l format -d 'Result format [default: that of the name of --output, or text]' -r -f -a "text\t''
json\t''
csv\t''
markdown\t''
junit\t''
html\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s o -l output -d 'Write the results to this file' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l seed -d 'Seed for all randomness [default: random]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l fault -d 'Inject a fault with a proxy before the server (repeatable)' -r -f -a "reset_peer\t''
close\t''
half_close\t''
slow_close\t''
blackhole\t''
partition\t''
refuse\t''
stall_accept\t''
accept_close\t''
accept_reset\t''
latency\t''
bandwidth\t''
slicer\t''
limit_data\t''
idle_drop\t''
error_reply\t''
garbage\t''
truncate\t''
http_503\t''
push\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l incident -d 'Replay the faults of a known incident (repeatable)' -r -f -a "elasticache-reset\t''
nlb-idle\t''
nat-forget\t''
failover\t''
maintenance\t''
az-loss\t''
thundering-herd\t''
auth-rotation\t''
slow-resubscribe\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s t -l target -d 'Server with this name in the configuration file' -r -f -a "(redis-doctor completions --targets 2>/dev/null)"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s u -l uri -d 'Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l targets -d 'Read servers from this file, - for stdin' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s h -l host -d 'Host name or IP address [default: 127.0.0.1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s p -l port -d 'Port [default: 6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s s -l socket -d 'Unix socket instead of host and port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s n -l db -d 'Logical database [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s a -l pass -d 'Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l user -d 'ACL user [default: the server\'s default user]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l pass-command -d 'Run this shell command for the password of each attempt' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l pass-file -d 'Read the password of each attempt from this file' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l name -d 'Client name of the connections, as in CLIENT LIST' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l protocol -d 'Protocol version [default: resp3]' -r -f -a "resp3\t''
resp2\t''
auto\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l spawn -d 'Start a real server on a free loopback port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l sni -d 'Name to send and to check in the certificate [default: the host]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l cacert -d 'Trust the authorities in this file (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l cacertdir -d 'Trust the authorities in the files of this directory' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l cert -d 'Certificate to present to the server (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l key -d 'Private key of the certificate (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l config -d 'Configuration file [default: ~/.config/redis-doctor/config.toml]' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l all -d 'Run every case'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l listen-tls -d 'Let the application speak TLS to the proxy'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l fresh -d 'Start a new process for each case'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -s q -l quiet -d 'Print no progress'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l askpass -d 'Prompt for the password'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l no-auth-warning -d 'Do not warn about a password on the command line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l sandbox -d 'Use the embedded server on a free loopback port'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l tls -d 'Encrypt the connection, as with rediss://'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l insecure -d 'Do not check the server\'s certificate'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand drill" -l help -d 'Print long help (-h at the end: short help)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l max -d 'Longest limit to look for [default: 20m]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l steps -d 'Number of silences to try in parallel, or a list' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l profile -d 'Search closely around the common limits of a cloud' -r -f -a "aws\t''
azure\t''
gcp\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l resolution -d 'Required precision of the limit [default: 2 %]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s W -l timeout -d 'Timeout of the PING after a silence' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s w -l deadline -d 'End the search after this long' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l must-survive -d 'Exit 2 (critical) unless connections survive this silence' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l format -d 'Result format [default: that of the name of --output, or text]' -r -f -a "text\t''
json\t''
ndjson\t''
nagios\t''
html\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s o -l output -d 'Write the result to this file, - for stdout' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l seed -d 'Seed of the faults\' randomness [default: random]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l fault -d 'Inject a fault with a proxy before the server (repeatable)' -r -f -a "reset_peer\t''
close\t''
half_close\t''
slow_close\t''
blackhole\t''
partition\t''
refuse\t''
stall_accept\t''
accept_close\t''
accept_reset\t''
latency\t''
bandwidth\t''
slicer\t''
limit_data\t''
idle_drop\t''
error_reply\t''
garbage\t''
truncate\t''
http_503\t''
push\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l incident -d 'Replay the faults of a known incident (repeatable)' -r -f -a "elasticache-reset\t''
nlb-idle\t''
nat-forget\t''
failover\t''
maintenance\t''
az-loss\t''
thundering-herd\t''
auth-rotation\t''
slow-resubscribe\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s t -l target -d 'Server with this name in the configuration file' -r -f -a "(redis-doctor completions --targets 2>/dev/null)"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s u -l uri -d 'Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l targets -d 'Read servers from this file, - for stdin' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s h -l host -d 'Host name or IP address [default: 127.0.0.1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s p -l port -d 'Port [default: 6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s s -l socket -d 'Unix socket instead of host and port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s n -l db -d 'Logical database [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s a -l pass -d 'Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l user -d 'ACL user [default: the server\'s default user]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l pass-command -d 'Run this shell command for the password of each attempt' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l pass-file -d 'Read the password of each attempt from this file' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l name -d 'Client name of the connections, as in CLIENT LIST' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l protocol -d 'Protocol version [default: resp3]' -r -f -a "resp3\t''
resp2\t''
auto\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l spawn -d 'Start a real server on a free loopback port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l sni -d 'Name to send and to check in the certificate [default: the host]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l cacert -d 'Trust the authorities in this file (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l cacertdir -d 'Trust the authorities in the files of this directory' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l cert -d 'Certificate to present to the server (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l key -d 'Private key of the certificate (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l config -d 'Configuration file [default: ~/.config/redis-doctor/config.toml]' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -s q -l quiet -d 'Print only the result'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l askpass -d 'Prompt for the password'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l no-auth-warning -d 'Do not warn about a password on the command line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l sandbox -d 'Use the embedded server on a free loopback port'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l tls -d 'Encrypt the connection, as with rediss://'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l insecure -d 'Do not check the server\'s certificate'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand idle" -l help -d 'Print long help (-h at the end: short help)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand trace" -s p -l port -d 'Examine connections to these ports [default: 6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand trace" -l pid -d 'Examine connections of this process only' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand trace" -s d -l duration -d 'Watch for this long [default: until Ctrl-C]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand trace" -l format -d 'Result format [default: that of the name of --output, or text]' -r -f -a "text\t''
json\t''
ndjson\t''
csv\t''
nagios\t''
markdown\t''
html\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand trace" -s o -l output -d 'Write the result to this file, - for stdout' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand trace" -l color -d 'When to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand trace" -l journal -d 'Append all events to this file as NDJSON' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand trace" -l journal-max-size -d 'Rename the journal to FILE.1 at this size' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand trace" -l listen-metrics -d 'Serve metrics to Prometheus at this address' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand trace" -l allow-probe -d 'Let a scraper check this server, too (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand trace" -l otlp -d 'Send metrics and outages to an OTLP collector' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand trace" -l otlp-header -d 'Send this header to the collector (repeatable)' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand trace" -l otlp-cacert -d 'Trust the authorities in this PEM file for the collector' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand trace" -l fail-on -d 'Exit 2 (critical) if this is true (repeatable)' -r -f -a "attempts_failed\t''
bytes_in_doubt\t''
connections_lost\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand trace" -l warn-on -d 'Exit 1 (degraded) if this is true (repeatable)' -r -f -a "attempts_failed\t''
bytes_in_doubt\t''
connections_lost\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand trace" -l config -d 'Configuration file [default: ~/.config/redis-doctor/config.toml]' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand trace" -l watch -d 'Watch, and show events as they happen'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand trace" -s q -l quiet -d 'Print only problems'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand trace" -l journal-reopen -d 'Do not end the run on SIGHUP, for logrotate'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand trace" -l exit-zero -d 'Always exit 0'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand trace" -l help -d 'Print long help (-h at the end: short help)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l for -d 'State to wait for' -r -f -a "ready\t''
primary\t''
replica\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s W -l timeout -d 'Give up after this long' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s i -l interval -d 'Interval between checks' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s t -l target -d 'Server with this name in the configuration file' -r -f -a "(redis-doctor completions --targets 2>/dev/null)"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s u -l uri -d 'Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l targets -d 'Read servers from this file, - for stdin' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s h -l host -d 'Host name or IP address [default: 127.0.0.1]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s p -l port -d 'Port [default: 6379]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s s -l socket -d 'Unix socket instead of host and port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s n -l db -d 'Logical database [default: 0]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s a -l pass -d 'Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l user -d 'ACL user [default: the server\'s default user]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l pass-command -d 'Run this shell command for the password of each attempt' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l pass-file -d 'Read the password of each attempt from this file' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l name -d 'Client name of the connections, as in CLIENT LIST' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l protocol -d 'Protocol version [default: resp3]' -r -f -a "resp3\t''
resp2\t''
auto\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l spawn -d 'Start a real server on a free loopback port' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l sni -d 'Name to send and to check in the certificate [default: the host]' -r
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l cacert -d 'Trust the authorities in this file (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l cacertdir -d 'Trust the authorities in the files of this directory' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l cert -d 'Certificate to present to the server (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l key -d 'Private key of the certificate (PEM)' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l config -d 'Configuration file [default: ~/.config/redis-doctor/config.toml]' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l fail-fast -d 'Stop immediately on a lasting error'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -s q -l quiet -d 'Print only the last error on a timeout'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l askpass -d 'Prompt for the password'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l no-auth-warning -d 'Do not warn about a password on the command line'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l sandbox -d 'Use the embedded server on a free loopback port'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l tls -d 'Encrypt the connection, as with rediss://'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l insecure -d 'Do not check the server\'s certificate'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand wait" -l help -d 'Print long help (-h at the end: short help)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -l format -d 'Report format [default: that of the name of --output, or text]' -r -f -a "text\t''
json\t''
ndjson\t''
csv\t''
openmetrics\t''
prometheus\t''
nagios\t''
markdown\t''
html\t''
hgrm\t''
hlog\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -l rows -d 'Rows of CSV [default: figures]' -r -f -a "figures\t''
intervals\t''
outages\t''
errors\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -s o -l output -d 'Write the report to this file, - for stdout' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -l color -d 'When to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -l fail-on -d 'Exit 2 (critical) if this is true (repeatable)' -r -f -a "ambiguous\t''
attempts_failed\t''
availability\t''
bytes_in_doubt\t''
connections_lost\t''
desyncs\t''
duplicated\t''
e2e_p99\t''
elements_lost\t''
errors\t''
lost\t''
max\t''
mean\t''
outage\t''
p50\t''
p90\t''
p99\t''
p99.9\t''
ran_twice\t''
reconnect_peak\t''
reconnects\t''
reordered\t''
service\t''
timeouts\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -l warn-on -d 'Exit 1 (degraded) if this is true (repeatable)' -r -f -a "ambiguous\t''
attempts_failed\t''
availability\t''
bytes_in_doubt\t''
connections_lost\t''
desyncs\t''
duplicated\t''
e2e_p99\t''
elements_lost\t''
errors\t''
lost\t''
max\t''
mean\t''
outage\t''
p50\t''
p90\t''
p99\t''
p99.9\t''
ran_twice\t''
reconnect_peak\t''
reconnects\t''
reordered\t''
service\t''
timeouts\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -l config -d 'Configuration file [default: ~/.config/redis-doctor/config.toml]' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -l strict -d 'Refuse a damaged line instead of skipping it'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -s q -l quiet -d 'Print only the report, no events or progress'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -s v -l verbose -d 'Show every section of the text report'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -l local-time -d 'Show local times instead of UTC'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -l exit-zero -d 'Always exit 0'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand report" -l help -d 'Print long help (-h at the end: short help)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand compare" -l fail-on -d 'Exit 2 if a figure changes by more than this (repeatable)' -r -f -a "drops\t''
outage\t''
availability\t''
lost\t''
duplicated\t''
reordered\t''
errors\t''
rate\t''
p50\t''
p90\t''
p99\t''
p99.9\t''
max\t''
e2e_p50\t''
e2e_p99\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand compare" -l format -d 'Result format [default: that of the name of --output, or text]' -r -f -a "text\t''
json\t''
csv\t''
markdown\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand compare" -s o -l output -d 'Write the report to this file, - for stdout' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand compare" -l color -d 'When to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand compare" -l config -d 'Configuration file [default: ~/.config/redis-doctor/config.toml]' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand compare" -l force -d 'Compare runs with different workloads, too'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand compare" -s q -l quiet -d 'Print only the report, no events or progress'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand compare" -l help -d 'Print long help (-h at the end: short help)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand explain" -l format -d 'Output format' -r -f -a "text\t''
json\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand explain" -l color -d 'When to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand explain" -l config -d 'Configuration file [default: ~/.config/redis-doctor/config.toml]' -r -F
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand explain" -l list -d 'List all entries'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand explain" -l help -d 'Print long help (-h at the end: short help)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand completions" -l targets -d 'Print the names of the targets, for the scripts'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand completions" -l help -d 'Print long help (-h at the end: short help)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand man" -l help -d 'Print long help (-h at the end: short help)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak watch proxy drill idle trace wait report compare explain completions man help" -f -a "check" -d 'Check server, path and this machine once (the default command)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak watch proxy drill idle trace wait report compare explain completions man help" -f -a "ping" -d 'Send PINGs over one connection, one line per reply, like ping(8)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak watch proxy drill idle trace wait report compare explain completions man help" -f -a "subscribe" -d 'Tail channels; show drops, resubscriptions and lost messages'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak watch proxy drill idle trace wait report compare explain completions man help" -f -a "soak" -d 'Hold connections for minutes or weeks and report every outage'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak watch proxy drill idle trace wait report compare explain completions man help" -f -a "watch" -d 'Show each change of a server, its role or address as it happens'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak watch proxy drill idle trace wait report compare explain completions man help" -f -a "proxy" -d 'Run a fault proxy before a server, to test any application'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak watch proxy drill idle trace wait report compare explain completions man help" -f -a "drill" -d 'Run each reconnect policy, or an application, through each fault'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak watch proxy drill idle trace wait report compare explain completions man help" -f -a "idle" -d 'Find the idle timeout of the path or server'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak watch proxy drill idle trace wait report compare explain completions man help" -f -a "trace" -d 'Examine the connections of running applications (Linux)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak watch proxy drill idle trace wait report compare explain completions man help" -f -a "wait" -d 'Wait until a server is ready, a primary or a replica'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak watch proxy drill idle trace wait report compare explain completions man help" -f -a "report" -d 'Rebuild a report from journals, including one cut off by a crash'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak watch proxy drill idle trace wait report compare explain completions man help" -f -a "compare" -d 'Compare two runs, and distinguish a change from noise'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak watch proxy drill idle trace wait report compare explain completions man help" -f -a "explain" -d 'Explain an error, cause or finding, and what to do (offline)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak watch proxy drill idle trace wait report compare explain completions man help" -f -a "completions" -d 'Print a completion script for a shell'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak watch proxy drill idle trace wait report compare explain completions man help" -f -a "man" -d 'Print the manual page (roff)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand help; and not __fish_seen_subcommand_from check ping subscribe soak watch proxy drill idle trace wait report compare explain completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand explain" -f -a "RD001 RD002 RD003 RD004 RD005 RD006 RD007 RD008 RD009 RD010 RD011 RD012 RD013 RD014 RD015 RD016 RD017 RD018 RD021 RD022 RD023 RD024 RD025 RD026 RD027 RD028 RD029 RD030 RD040 RD041 RD042 RD043 RD044 RD045 RD046 RD047 RD048 RD049 RD050 RD051 RD052 RD053 RD054 RD055 RD056 RD057 RD058 RD059 RD060 RD061 RD062 RD063 RD064 RD065 RD101 RD102 RD103 RD104 RD105 RD106 RD107 RD108 RD109 RD110 RD111 RD112 RD113 RD114 RD115 RD116 RD117 RD118 RD119 RD120 RD121 RD122 RD123 RD124 RD125 RD126 RD127 RD128 RD129 RD130 RD131 RD132 RD133 RD134 RD135 RD136 RD137 RD138 RD139 RD140 RD141 RD142 RD143 RD144 RD145 RD146 RD147 RD148 RD149 RD150 RD151 RD152 RD153 RD154 RD155 RD156 RD157 RD158 RD160 RD161 RD162 RD163 RD164 RD165 RD170 RD171 RD172 RD173 RD174 RD175 RD176 RD177 RD180 RD181 RD182 RD183 RD184 RD185 RD186 RD187 RD188 RD190 RD191 RD192 RD193 RD205 RD206 RD207 RD210 RD211 RD224 RD225 RD230 RD231 RD232 RD233 RD234 RD235 RD236 RD237 RD238 RD239 aborted accept_queue_full address_in_use address_moved address_not_available aof_trouble ask authentication_changed aws-ec-cowr aws-ec-dns aws-ec-fo aws-ec-ka aws-ec-max aws-ec-test aws-ec-timeout aws-ec2-ct aws-gwlb aws-iam aws-natgw aws-nlb aws-nlb-nitro6 aws-nlb-rst az-lb az-linux az-redis bad_url became_replica blind_connection blocking_command broken_pipe_kernel busy bytes_in_doubt certificate_expired certificate_expires certificate_not_checked cli-lib client_certificate client_closed client_evicted client_killed client_not_reading client_stall client_threads_busy clients_paused close_wait cluster_address cluster_client_stays_broken cluster_mode_mismatch cluster_node_not_examined cluster_node_refuses cluster_unreachable clusterdown connect_failed connect_timeout connected_to_replica connected_to_sentinel connection_age_limit connection_closed connections_lost conntrack_nearly_full crossslot dataset_damaged dead delayed_fsync desync dns dns_moved docker-restart duplicated_or_reordered ended_unnoticed envoy execabort exhausted failed_attempts failover finite_retry_budget flooded fork_stall gcp-mem gcp-nat gcp-vpc ghost_client half_open half_open_connection haproxy host_unreachable http_on_redis_port ibm-pgw ipvs kernel_timeout kube-backoff kube-probe kube-proxy loading local_ports_nearly_used_up long_blackout_possible lost_together masked masterdown max_clients maxclients memory_risk messages_lost_in_outage messages_lost_while_connected middlebox_idle_limit misconf monit moved mtu_black_hole near_maxclients near_output_buffer_limit network_reset network_unreachable nf-ct nginx no_keepalive no_password no_resp3 noauth noperm noreplicas oci-lb oom other output_buffer_limit oversized_reply path_lost pinned planned_maintenance pool_exhausted ports protected_mode protocol_error protocol_garbage proxy_closed proxy_or_nat proxy_without_server query_buffer_limit r-cl r-cob r-evict r-ka r-max r-prot r-qbuf r-save r-sch r-sent r-timeout readonly refused regular replication_trouble reply_too_large reset resp3_unsupported response_timeout restart_loop retries_used_up retrying sentinels_disagree server_crashed server_error server_frozen server_idle_timeout server_keepalive server_loading server_restarted server_silent server_timeout_set several_addresses several_servers shared_connection slow_command slow_commands slow_disk slow_lookup slow_network slow_path slow_server socket_permission somaxconn stale_error subscriber_mode subscription_lost syn_unanswered systemd target_rejected tcp-ka tcp-r2 tcp-syn tcp-ut thundering_herd tls tls_mismatch too_few_replicas too_many_open_files tryagain two_primaries unknown waiting_timeout wedged writes_gone wrongpass"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand completions" -f -a "bash elvish fish nushell powershell zsh"
complete -c redis-doctor -n "__fish_redis_doctor_using_subcommand man" -f -a "check ping subscribe soak watch proxy drill idle trace wait report compare explain completions man"
