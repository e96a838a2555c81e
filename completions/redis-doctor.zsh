#compdef redis-doctor

autoload -U is-at-least

_redis-doctor() {
    typeset -A opt_args
    typeset -a _arguments_options
    local ret=1

    if is-at-least 5.2; then
        _arguments_options=(-s -S -C)
    else
        _arguments_options=(-s -C)
    fi

    local context curcontext="$curcontext" state line
    _arguments "${_arguments_options[@]}" : \
'--help[Print long help (-h at the end\: short help)]' \
'-V[Print version]' \
'--version[Print version]' \
":: :_redis-doctor_commands" \
"*::: :->redis-doctor" \
&& ret=0
    case $state in
    (redis-doctor)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:redis-doctor-command-$line[1]:"
        case $line[1] in
            (check)
_arguments "${_arguments_options[@]}" : \
'-t+[Stop after this long \[default\: 9s\]]:TIME:_default' \
'--timeout=[Stop after this long \[default\: 9s\]]:TIME:_default' \
'-w+[Exit 1 (degraded) if PING takes longer, in ms]:RANGE:_default' \
'--warning=[Exit 1 (degraded) if PING takes longer, in ms]:RANGE:_default' \
'-c+[Exit 2 (critical) if PING takes longer, in ms]:RANGE:_default' \
'--critical=[Exit 2 (critical) if PING takes longer, in ms]:RANGE:_default' \
'--tls-cert-warn=[Warn if the certificate expires within this time \[default\: 14d\]]:TIME:_default' \
'--format=[Result format]:FORMAT:(text json openmetrics prometheus nagios)' \
'-o+[Write the result to this file, - for stdout]:FILE:_files' \
'--output=[Write the result to this file, - for stdout]:FILE:_files' \
'--color=[When to use color]:WHEN:(auto always never)' \
'(-h --host -p --port -s --socket)*-u+[Server URL (repeatable) \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(-h --host -p --port -s --socket)*--uri=[Server URL (repeatable) \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(--spawn -h --host -p --port -s --socket)--targets=[Read servers from this file, - for stdin]:FILE:_files' \
'(--spawn)-p+[Port \[default\: 6379\]]:PORT:_default' \
'(--spawn)--port=[Port \[default\: 6379\]]:PORT:_default' \
'(--spawn -h --host -p --port)-s+[Unix socket instead of host and port]:PATH:_files' \
'(--spawn -h --host -p --port)--socket=[Unix socket instead of host and port]:PATH:_files' \
'-n+[Logical database \[default\: 0\]]:DB:_default' \
'--db=[Logical database \[default\: 0\]]:DB:_default' \
'(--spawn)-a+[Password \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'(--spawn)--pass=[Password \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'(--spawn)--user=[ACL user \[default\: the server'\''s default user\]]:NAME:_default' \
'(--spawn -a --pass --askpass)--pass-command=[Run this shell command for the password of each attempt]:CMD:_default' \
'(--spawn -a --pass --askpass --pass-command)--pass-file=[Read the password of each attempt from this file]:FILE:_files' \
'--name=[Client name of the connections, as in CLIENT LIST]:NAME:_default' \
'--protocol=[Protocol version \[default\: resp3\]]:PROTOCOL:(resp3 resp2 auto)' \
'(-u --uri --sandbox)--spawn=[Start a real server on a free loopback port]::PATH:_files' \
'--sni=[Name to send and to check in the certificate \[default\: the host\]]:NAME:_default' \
'--cacert=[Trust the authorities in this file (PEM)]:FILE:_files' \
'--cacertdir=[Trust the authorities in the files of this directory]:DIR:_files' \
'--cert=[Certificate to present to the server (PEM)]:FILE:_files' \
'--key=[Private key of the certificate (PEM)]:FILE:_files' \
'--policy=[Preset that the flags below override]:NAME:(hardened library elasticache bare)' \
'--retries=[Retries of a failed reconnect, or unlimited \[hardened\: unlimited\]]:N:_default' \
'--min-delay=[First delay between attempts, before jitter \[hardened\: 100ms\]]:TIME:_default' \
'--spread=[Add up to this to the first delay, at random \[default\: 0s\]]:TIME:_default' \
'--max-delay=[Largest delay between attempts, before jitter \[hardened\: 5s\]]:TIME:_default' \
'--backoff-base=[Factor from one delay to the next, from 1 \[hardened\: 2\]]:FACTOR:_default' \
'--connect-timeout=[Timeout of a connection attempt \[hardened\: 5s\]]:TIME:_default' \
'--response-timeout=[Client-library response timeout \[hardened\: 2s\]]:TIME:_default' \
'--keepalive=[Set TCP keepalive, or off \[hardened\: 10/5/3\]]:T/I/P:_default' \
'--user-timeout=[Set TCP_USER_TIMEOUT, or off \[hardened\: 25s\]]:TIME:_default' \
'--nodelay=[Send small writes immediately (TCP_NODELAY) \[hardened\: on\]]:on|off:_default' \
'--watchdog=[Detect a dead connection with PINGs, or off \[hardened\: 1sx2\]]:TIMExN:_default' \
'--resubscribe=[Way to resubscribe after a reconnect \[hardened\: paced\]]:HOW:(library paced)' \
'--on-readonly=[Reaction to READONLY from a demoted server \[hardened\: rebuild\]]:REACTION:(stay rebuild)' \
'(--spawn)-h+[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'(--spawn)-H+[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'(--spawn)--host=[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'--target=[Server with this name in the configuration file]:NAME:{compadd -- ${(f)"$(redis-doctor completions --targets 2>/dev/null)"}}' \
'--config=[Configuration file \[default\: ~/.config/redis-doctor/config.toml\]]:FILE:_files' \
'--exit-zero[Always exit 0]' \
'-q[Print only problems]' \
'--quiet[Print only problems]' \
'(-a --pass)--askpass[Prompt for the password]' \
'--no-auth-warning[Do not warn about a password on the command line]' \
'(-u --uri --targets -h --host -p --port -s --socket -a --pass --pass-command --pass-file --user --askpass --spawn)--sandbox[Use the embedded server on a free loopback port]' \
'--tls[Encrypt the connection, as with rediss\://]' \
'--insecure[Do not check the server'\''s certificate]' \
'(--resubscribe)--no-resubscribe[Do not resubscribe after a reconnect]' \
'--help[Print long help (-h at the end\: short help)]' \
'*::servers -- Servers\: a URL, HOST or HOST\:PORT \[default\: see -u\]:_default' \
&& ret=0
;;
(ping)
_arguments "${_arguments_options[@]}" : \
'-c+[Stop after this many PINGs \[default\: until a signal\]]:N:_default' \
'-r+[Stop after this many PINGs \[default\: until a signal\]]:N:_default' \
'--count=[Stop after this many PINGs \[default\: until a signal\]]:N:_default' \
'-i+[Time between PINGs; 0 = back to back]:TIME:_default' \
'--interval=[Time between PINGs; 0 = back to back]:TIME:_default' \
'-w+[Stop after this long \[default\: until a signal\]]:TIME:_default' \
'--deadline=[Stop after this long \[default\: until a signal\]]:TIME:_default' \
'-W+[Timeout of a PING]:TIME:_default' \
'--timeout=[Timeout of a PING]:TIME:_default' \
'--payload=[Extra bytes in each PING, at most 16m]:BYTES:_default' \
'-t+[Server with this name in the configuration file]:NAME:{compadd -- ${(f)"$(redis-doctor completions --targets 2>/dev/null)"}}' \
'--target=[Server with this name in the configuration file]:NAME:{compadd -- ${(f)"$(redis-doctor completions --targets 2>/dev/null)"}}' \
'(-h --host -p --port -s --socket)*-u+[Server URL (repeatable) \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(-h --host -p --port -s --socket)*--uri=[Server URL (repeatable) \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(--spawn -h --host -p --port -s --socket)--targets=[Read servers from this file, - for stdin]:FILE:_files' \
'(--spawn)-h+[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'(--spawn)--host=[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'(--spawn)-p+[Port \[default\: 6379\]]:PORT:_default' \
'(--spawn)--port=[Port \[default\: 6379\]]:PORT:_default' \
'(--spawn -h --host -p --port)-s+[Unix socket instead of host and port]:PATH:_files' \
'(--spawn -h --host -p --port)--socket=[Unix socket instead of host and port]:PATH:_files' \
'-n+[Logical database \[default\: 0\]]:DB:_default' \
'--db=[Logical database \[default\: 0\]]:DB:_default' \
'(--spawn)-a+[Password \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'(--spawn)--pass=[Password \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'(--spawn)--user=[ACL user \[default\: the server'\''s default user\]]:NAME:_default' \
'(--spawn -a --pass --askpass)--pass-command=[Run this shell command for the password of each attempt]:CMD:_default' \
'(--spawn -a --pass --askpass --pass-command)--pass-file=[Read the password of each attempt from this file]:FILE:_files' \
'--name=[Client name of the connections, as in CLIENT LIST]:NAME:_default' \
'--protocol=[Protocol version \[default\: resp3\]]:PROTOCOL:(resp3 resp2 auto)' \
'(-u --uri --sandbox)--spawn=[Start a real server on a free loopback port]::PATH:_files' \
'--sni=[Name to send and to check in the certificate \[default\: the host\]]:NAME:_default' \
'--cacert=[Trust the authorities in this file (PEM)]:FILE:_files' \
'--cacertdir=[Trust the authorities in the files of this directory]:DIR:_files' \
'--cert=[Certificate to present to the server (PEM)]:FILE:_files' \
'--key=[Private key of the certificate (PEM)]:FILE:_files' \
'*--fault=[Inject a fault with a proxy before the server (repeatable)]:KIND[=ARGS][@START][+FOR]:(reset_peer close half_close slow_close blackhole partition refuse stall_accept accept_close accept_reset latency bandwidth slicer limit_data idle_drop error_reply garbage truncate http_503 push)' \
'*--incident=[Replay the faults of a known incident (repeatable)]:NAME:(elasticache-reset nlb-idle nat-forget failover maintenance az-loss thundering-herd auth-rotation slow-resubscribe)' \
'--policy=[Preset that the flags below override]:NAME:(hardened library elasticache bare)' \
'--retries=[Retries of a failed reconnect, or unlimited \[hardened\: unlimited\]]:N:_default' \
'--min-delay=[First delay between attempts, before jitter \[hardened\: 100ms\]]:TIME:_default' \
'--spread=[Add up to this to the first delay, at random \[default\: 0s\]]:TIME:_default' \
'--max-delay=[Largest delay between attempts, before jitter \[hardened\: 5s\]]:TIME:_default' \
'--backoff-base=[Factor from one delay to the next, from 1 \[hardened\: 2\]]:FACTOR:_default' \
'--connect-timeout=[Timeout of a connection attempt \[hardened\: 5s\]]:TIME:_default' \
'--response-timeout=[Client-library response timeout \[hardened\: 2s\]]:TIME:_default' \
'--keepalive=[Set TCP keepalive, or off \[hardened\: 10/5/3\]]:T/I/P:_default' \
'--user-timeout=[Set TCP_USER_TIMEOUT, or off \[hardened\: 25s\]]:TIME:_default' \
'--nodelay=[Send small writes immediately (TCP_NODELAY) \[hardened\: on\]]:on|off:_default' \
'--watchdog=[Detect a dead connection with PINGs, or off \[hardened\: 1sx2\]]:TIMExN:_default' \
'--resubscribe=[Way to resubscribe after a reconnect \[hardened\: paced\]]:HOW:(library paced)' \
'--on-readonly=[Reaction to READONLY from a demoted server \[hardened\: rebuild\]]:REACTION:(stay rebuild)' \
'-o+[Write the report to this file, - for stdout]:FILE:_files' \
'--output=[Write the report to this file, - for stdout]:FILE:_files' \
'--color=[When to use color]:WHEN:(auto always never)' \
'--journal=[Append all events to this file as NDJSON]:FILE:_files' \
'--journal-max-size=[Rename the journal to FILE.1 at this size]:SIZE:_default' \
'*--fail-on=[Exit 2 (critical) if this is true (repeatable)]:CONDITION:(ambiguous attempts_failed availability bytes_in_doubt connections_lost desyncs duplicated e2e_p99 elements_lost errors lost max mean outage p50 p90 p99 p99.9 ran_twice reconnect_peak reconnects reordered service timeouts)' \
'*--warn-on=[Exit 1 (degraded) if this is true (repeatable)]:CONDITION:(ambiguous attempts_failed availability bytes_in_doubt connections_lost desyncs duplicated e2e_p99 elements_lost errors lost max mean outage p50 p90 p99 p99.9 ran_twice reconnect_peak reconnects reordered service timeouts)' \
'(-u --uri --targets -h --host -p --port -s --socket --sandbox --spawn --cluster --fault --incident)*--sentinel=[Find the server by these Sentinels (repeatable)]:HOST:PORT:_default' \
'--master=[With --sentinel, the name of the primary]:NAME:_default' \
'--max-reply=[Largest reply of a connection under test \[default\: 64m\]]:SIZE:_default' \
'--seed=[Seed for all randomness \[default\: random; shown in the report\]]:N:_default' \
'--format=[Report format \[default\: that of the name of --output, or text\]]:FORMAT:(text json ndjson csv openmetrics prometheus nagios markdown html hgrm hlog)' \
'--rows=[Rows of CSV \[default\: figures\]]:ROWS:(figures intervals outages errors)' \
'--config=[Configuration file \[default\: ~/.config/redis-doctor/config.toml\]]:FILE:_files' \
'-D[Print a Unix timestamp before each line, like ping -D]' \
'--timestamps[Print a Unix timestamp before each line, like ping -D]' \
'(-a --pass)--askpass[Prompt for the password]' \
'--no-auth-warning[Do not warn about a password on the command line]' \
'(-u --uri --targets -h --host -p --port -s --socket -a --pass --pass-command --pass-file --user --askpass --spawn)--sandbox[Use the embedded server on a free loopback port]' \
'--tls[Encrypt the connection, as with rediss\://]' \
'--insecure[Do not check the server'\''s certificate]' \
'(--resubscribe)--no-resubscribe[Do not resubscribe after a reconnect]' \
'-q[Print only the report, no events or progress]' \
'--quiet[Print only the report, no events or progress]' \
'-v[Show every section of the text report]' \
'--verbose[Show every section of the text report]' \
'--local-time[Show local times instead of UTC]' \
'--journal-reopen[Do not end the run on SIGHUP, for logrotate]' \
'--exit-zero[Always exit 0]' \
'(--targets -s --socket --sandbox)--cluster[Examine all primaries of the cluster of this server]' \
'--replicas[With --cluster, examine the replicas, too]' \
'--no-evidence[Gather no evidence about outages]' \
'--help[Print long help (-h at the end\: short help)]' \
'*::servers -- Servers\: a URL, HOST or HOST\:PORT \[default\: see -u\]:_default' \
&& ret=0
;;
(subscribe)
_arguments "${_arguments_options[@]}" : \
'*--pattern=[Subscribe to a pattern with PSUBSCRIBE (repeatable)]:GLOB:_default' \
'*--shard=[Subscribe to a shard channel with SSUBSCRIBE (repeatable)]:CHANNEL:_default' \
'-c+[Stop after this many messages \[default\: until a signal\]]:N:_default' \
'--count=[Stop after this many messages \[default\: until a signal\]]:N:_default' \
'-d+[Stop after this long \[default\: until a signal\]]:TIME:_default' \
'--duration=[Stop after this long \[default\: until a signal\]]:TIME:_default' \
'--expect-every=[Report a gap if no message arrives for this long]:TIME:_default' \
'--rate=[Publish rate of --verify \[default\: 10/s\]]:RATE:_default' \
'--format=[Message format on stdout]:FORMAT:(text ndjson raw)' \
'--report-format=[Report format of --output \[default\: that of its name, or text\]]:FORMAT:(text json ndjson csv openmetrics prometheus nagios markdown html hgrm hlog)' \
'-t+[Server with this name in the configuration file]:NAME:{compadd -- ${(f)"$(redis-doctor completions --targets 2>/dev/null)"}}' \
'--target=[Server with this name in the configuration file]:NAME:{compadd -- ${(f)"$(redis-doctor completions --targets 2>/dev/null)"}}' \
'(-h --host -p --port -s --socket)*-u+[Server URL (repeatable) \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(-h --host -p --port -s --socket)*--uri=[Server URL (repeatable) \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(--spawn -h --host -p --port -s --socket)--targets=[Read servers from this file, - for stdin]:FILE:_files' \
'(--spawn)-h+[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'(--spawn)--host=[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'(--spawn)-p+[Port \[default\: 6379\]]:PORT:_default' \
'(--spawn)--port=[Port \[default\: 6379\]]:PORT:_default' \
'(--spawn -h --host -p --port)-s+[Unix socket instead of host and port]:PATH:_files' \
'(--spawn -h --host -p --port)--socket=[Unix socket instead of host and port]:PATH:_files' \
'-n+[Logical database \[default\: 0\]]:DB:_default' \
'--db=[Logical database \[default\: 0\]]:DB:_default' \
'(--spawn)-a+[Password \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'(--spawn)--pass=[Password \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'(--spawn)--user=[ACL user \[default\: the server'\''s default user\]]:NAME:_default' \
'(--spawn -a --pass --askpass)--pass-command=[Run this shell command for the password of each attempt]:CMD:_default' \
'(--spawn -a --pass --askpass --pass-command)--pass-file=[Read the password of each attempt from this file]:FILE:_files' \
'--name=[Client name of the connections, as in CLIENT LIST]:NAME:_default' \
'--protocol=[Protocol version \[default\: resp3\]]:PROTOCOL:(resp3 resp2 auto)' \
'(-u --uri --sandbox)--spawn=[Start a real server on a free loopback port]::PATH:_files' \
'--sni=[Name to send and to check in the certificate \[default\: the host\]]:NAME:_default' \
'--cacert=[Trust the authorities in this file (PEM)]:FILE:_files' \
'--cacertdir=[Trust the authorities in the files of this directory]:DIR:_files' \
'--cert=[Certificate to present to the server (PEM)]:FILE:_files' \
'--key=[Private key of the certificate (PEM)]:FILE:_files' \
'*--fault=[Inject a fault with a proxy before the server (repeatable)]:KIND[=ARGS][@START][+FOR]:(reset_peer close half_close slow_close blackhole partition refuse stall_accept accept_close accept_reset latency bandwidth slicer limit_data idle_drop error_reply garbage truncate http_503 push)' \
'*--incident=[Replay the faults of a known incident (repeatable)]:NAME:(elasticache-reset nlb-idle nat-forget failover maintenance az-loss thundering-herd auth-rotation slow-resubscribe)' \
'--policy=[Preset that the flags below override]:NAME:(hardened library elasticache bare)' \
'--retries=[Retries of a failed reconnect, or unlimited \[hardened\: unlimited\]]:N:_default' \
'--min-delay=[First delay between attempts, before jitter \[hardened\: 100ms\]]:TIME:_default' \
'--spread=[Add up to this to the first delay, at random \[default\: 0s\]]:TIME:_default' \
'--max-delay=[Largest delay between attempts, before jitter \[hardened\: 5s\]]:TIME:_default' \
'--backoff-base=[Factor from one delay to the next, from 1 \[hardened\: 2\]]:FACTOR:_default' \
'--connect-timeout=[Timeout of a connection attempt \[hardened\: 5s\]]:TIME:_default' \
'--response-timeout=[Client-library response timeout \[hardened\: 2s\]]:TIME:_default' \
'--keepalive=[Set TCP keepalive, or off \[hardened\: 10/5/3\]]:T/I/P:_default' \
'--user-timeout=[Set TCP_USER_TIMEOUT, or off \[hardened\: 25s\]]:TIME:_default' \
'--nodelay=[Send small writes immediately (TCP_NODELAY) \[hardened\: on\]]:on|off:_default' \
'--watchdog=[Detect a dead connection with PINGs, or off \[hardened\: 1sx2\]]:TIMExN:_default' \
'--resubscribe=[Way to resubscribe after a reconnect \[hardened\: paced\]]:HOW:(library paced)' \
'--on-readonly=[Reaction to READONLY from a demoted server \[hardened\: rebuild\]]:REACTION:(stay rebuild)' \
'-o+[Write the report to this file, - for stdout]:FILE:_files' \
'--output=[Write the report to this file, - for stdout]:FILE:_files' \
'--color=[When to use color]:WHEN:(auto always never)' \
'--journal=[Append all events to this file as NDJSON]:FILE:_files' \
'--journal-max-size=[Rename the journal to FILE.1 at this size]:SIZE:_default' \
'*--fail-on=[Exit 2 (critical) if this is true (repeatable)]:CONDITION:(ambiguous attempts_failed availability bytes_in_doubt connections_lost desyncs duplicated e2e_p99 elements_lost errors lost max mean outage p50 p90 p99 p99.9 ran_twice reconnect_peak reconnects reordered service timeouts)' \
'*--warn-on=[Exit 1 (degraded) if this is true (repeatable)]:CONDITION:(ambiguous attempts_failed availability bytes_in_doubt connections_lost desyncs duplicated e2e_p99 elements_lost errors lost max mean outage p50 p90 p99 p99.9 ran_twice reconnect_peak reconnects reordered service timeouts)' \
'(-u --uri --targets -h --host -p --port -s --socket --sandbox --spawn --cluster --fault --incident)*--sentinel=[Find the server by these Sentinels (repeatable)]:HOST:PORT:_default' \
'--master=[With --sentinel, the name of the primary]:NAME:_default' \
'--max-reply=[Largest reply of a connection under test \[default\: 64m\]]:SIZE:_default' \
'--seed=[Seed for all randomness \[default\: random; shown in the report\]]:N:_default' \
'--listen-metrics=[Serve metrics to Prometheus at this address]:ADDRESS:_default' \
'*--allow-probe=[Let a scraper check this server, too (repeatable)]:URL:_default' \
'--otlp=[Send metrics and outages to an OTLP collector]::URL:_default' \
'*--otlp-header=[Send this header to the collector (repeatable)]:NAME=VALUE:_default' \
'--otlp-cacert=[Trust the authorities in this PEM file for the collector]:FILE:_files' \
'--config=[Configuration file \[default\: ~/.config/redis-doctor/config.toml\]]:FILE:_files' \
'--verify[Publish numbered messages and account for each]' \
'-D[Print the UTC time before each line]' \
'--timestamps[Print the UTC time before each line]' \
'(-a --pass)--askpass[Prompt for the password]' \
'--no-auth-warning[Do not warn about a password on the command line]' \
'(-u --uri --targets -h --host -p --port -s --socket -a --pass --pass-command --pass-file --user --askpass --spawn)--sandbox[Use the embedded server on a free loopback port]' \
'--tls[Encrypt the connection, as with rediss\://]' \
'--insecure[Do not check the server'\''s certificate]' \
'(--resubscribe)--no-resubscribe[Do not resubscribe after a reconnect]' \
'-q[Print only the report, no events or progress]' \
'--quiet[Print only the report, no events or progress]' \
'-v[Show every section of the text report]' \
'--verbose[Show every section of the text report]' \
'--local-time[Show local times instead of UTC]' \
'--journal-reopen[Do not end the run on SIGHUP, for logrotate]' \
'--exit-zero[Always exit 0]' \
'(--targets -s --socket --sandbox)--cluster[Examine all primaries of the cluster of this server]' \
'--replicas[With --cluster, examine the replicas, too]' \
'--no-evidence[Gather no evidence about outages]' \
'--help[Print long help (-h at the end\: short help)]' \
'*::channels -- Channels to subscribe to (any bytes):_default' \
&& ret=0
;;
(soak)
_arguments "${_arguments_options[@]}" : \
'-d+[Stop after this long \[default\: until a signal\]]:TIME:_default' \
'--duration=[Stop after this long \[default\: until a signal\]]:TIME:_default' \
'--rate=[Probe rate per connection; 0 = unlimited \[default\: 10/s\]]:RATE:_default' \
'*--workload=[Workload, comma-separated \[default\: ping,pubsub\]]:WORKLOAD:((ping\:"PING with a nonce"
pubsub\:"Numbered messages on channels redis-doctor\:RUN\:N, each accounted for"
shard-pubsub\:"The same on shard channels (SSUBSCRIBE), in a cluster of each node'\''s slots"
kv\:"SET and GET of expiring keys under redis-doctor\:"
mixed\:"PING, messages, and SET and GET"
ledger\:"SET of numbered keys, read back at the end"))' \
'--connections=[Number of connections under test, 1 to 10000]:N:_default' \
'--concurrency=[Probes in flight per connection, 1 to 10000 \[default\: 1\]]:M:_default' \
'--payload=[Extra bytes in each probe, at most 16m \[default\: 0\]]:BYTES:_default' \
'-W+[Timeout of a probe \[default\: 2s\]]:TIME:_default' \
'--timeout=[Timeout of a probe \[default\: 2s\]]:TIME:_default' \
'--verify-rate=[Numbered messages per connection \[default\: 10/s\]]:RATE:_default' \
'--channels=[Channels per connection, 1 to 10000 \[default\: 1\]]:N:_default' \
'--baseline=[Compare with this earlier run at the end]:FILE:_files' \
'--via=[With --cluster, the client of the commands \[default\: direct\]]:CLIENT:(direct cluster-client)' \
'-t+[Server with this name in the configuration file]:NAME:{compadd -- ${(f)"$(redis-doctor completions --targets 2>/dev/null)"}}' \
'--target=[Server with this name in the configuration file]:NAME:{compadd -- ${(f)"$(redis-doctor completions --targets 2>/dev/null)"}}' \
'(-h --host -p --port -s --socket)*-u+[Server URL (repeatable) \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(-h --host -p --port -s --socket)*--uri=[Server URL (repeatable) \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(--spawn -h --host -p --port -s --socket)--targets=[Read servers from this file, - for stdin]:FILE:_files' \
'(--spawn)-h+[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'(--spawn)--host=[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'(--spawn)-p+[Port \[default\: 6379\]]:PORT:_default' \
'(--spawn)--port=[Port \[default\: 6379\]]:PORT:_default' \
'(--spawn -h --host -p --port)-s+[Unix socket instead of host and port]:PATH:_files' \
'(--spawn -h --host -p --port)--socket=[Unix socket instead of host and port]:PATH:_files' \
'-n+[Logical database \[default\: 0\]]:DB:_default' \
'--db=[Logical database \[default\: 0\]]:DB:_default' \
'(--spawn)-a+[Password \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'(--spawn)--pass=[Password \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'(--spawn)--user=[ACL user \[default\: the server'\''s default user\]]:NAME:_default' \
'(--spawn -a --pass --askpass)--pass-command=[Run this shell command for the password of each attempt]:CMD:_default' \
'(--spawn -a --pass --askpass --pass-command)--pass-file=[Read the password of each attempt from this file]:FILE:_files' \
'--name=[Client name of the connections, as in CLIENT LIST]:NAME:_default' \
'--protocol=[Protocol version \[default\: resp3\]]:PROTOCOL:(resp3 resp2 auto)' \
'(-u --uri --sandbox)--spawn=[Start a real server on a free loopback port]::PATH:_files' \
'--sni=[Name to send and to check in the certificate \[default\: the host\]]:NAME:_default' \
'--cacert=[Trust the authorities in this file (PEM)]:FILE:_files' \
'--cacertdir=[Trust the authorities in the files of this directory]:DIR:_files' \
'--cert=[Certificate to present to the server (PEM)]:FILE:_files' \
'--key=[Private key of the certificate (PEM)]:FILE:_files' \
'*--fault=[Inject a fault with a proxy before the server (repeatable)]:KIND[=ARGS][@START][+FOR]:(reset_peer close half_close slow_close blackhole partition refuse stall_accept accept_close accept_reset latency bandwidth slicer limit_data idle_drop error_reply garbage truncate http_503 push)' \
'*--incident=[Replay the faults of a known incident (repeatable)]:NAME:(elasticache-reset nlb-idle nat-forget failover maintenance az-loss thundering-herd auth-rotation slow-resubscribe)' \
'--policy=[Preset that the flags below override]:NAME:(hardened library elasticache bare)' \
'--retries=[Retries of a failed reconnect, or unlimited \[hardened\: unlimited\]]:N:_default' \
'--min-delay=[First delay between attempts, before jitter \[hardened\: 100ms\]]:TIME:_default' \
'--spread=[Add up to this to the first delay, at random \[default\: 0s\]]:TIME:_default' \
'--max-delay=[Largest delay between attempts, before jitter \[hardened\: 5s\]]:TIME:_default' \
'--backoff-base=[Factor from one delay to the next, from 1 \[hardened\: 2\]]:FACTOR:_default' \
'--connect-timeout=[Timeout of a connection attempt \[hardened\: 5s\]]:TIME:_default' \
'--response-timeout=[Client-library response timeout \[hardened\: 2s\]]:TIME:_default' \
'--keepalive=[Set TCP keepalive, or off \[hardened\: 10/5/3\]]:T/I/P:_default' \
'--user-timeout=[Set TCP_USER_TIMEOUT, or off \[hardened\: 25s\]]:TIME:_default' \
'--nodelay=[Send small writes immediately (TCP_NODELAY) \[hardened\: on\]]:on|off:_default' \
'--watchdog=[Detect a dead connection with PINGs, or off \[hardened\: 1sx2\]]:TIMExN:_default' \
'--resubscribe=[Way to resubscribe after a reconnect \[hardened\: paced\]]:HOW:(library paced)' \
'--on-readonly=[Reaction to READONLY from a demoted server \[hardened\: rebuild\]]:REACTION:(stay rebuild)' \
'-o+[Write the report to this file, - for stdout]:FILE:_files' \
'--output=[Write the report to this file, - for stdout]:FILE:_files' \
'--color=[When to use color]:WHEN:(auto always never)' \
'--journal=[Append all events to this file as NDJSON]:FILE:_files' \
'--journal-max-size=[Rename the journal to FILE.1 at this size]:SIZE:_default' \
'*--fail-on=[Exit 2 (critical) if this is true (repeatable)]:CONDITION:(ambiguous attempts_failed availability bytes_in_doubt connections_lost desyncs duplicated e2e_p99 elements_lost errors lost max mean outage p50 p90 p99 p99.9 ran_twice reconnect_peak reconnects reordered service timeouts)' \
'*--warn-on=[Exit 1 (degraded) if this is true (repeatable)]:CONDITION:(ambiguous attempts_failed availability bytes_in_doubt connections_lost desyncs duplicated e2e_p99 elements_lost errors lost max mean outage p50 p90 p99 p99.9 ran_twice reconnect_peak reconnects reordered service timeouts)' \
'(-u --uri --targets -h --host -p --port -s --socket --sandbox --spawn --cluster --fault --incident)*--sentinel=[Find the server by these Sentinels (repeatable)]:HOST:PORT:_default' \
'--master=[With --sentinel, the name of the primary]:NAME:_default' \
'--max-reply=[Largest reply of a connection under test \[default\: 64m\]]:SIZE:_default' \
'--seed=[Seed for all randomness \[default\: random; shown in the report\]]:N:_default' \
'--format=[Report format \[default\: that of the name of --output, or text\]]:FORMAT:(text json ndjson csv openmetrics prometheus nagios markdown html hgrm hlog)' \
'--rows=[Rows of CSV \[default\: figures\]]:ROWS:(figures intervals outages errors)' \
'--listen-metrics=[Serve metrics to Prometheus at this address]:ADDRESS:_default' \
'*--allow-probe=[Let a scraper check this server, too (repeatable)]:URL:_default' \
'--otlp=[Send metrics and outages to an OTLP collector]::URL:_default' \
'*--otlp-header=[Send this header to the collector (repeatable)]:NAME=VALUE:_default' \
'--otlp-cacert=[Trust the authorities in this PEM file for the collector]:FILE:_files' \
'--config=[Configuration file \[default\: ~/.config/redis-doctor/config.toml\]]:FILE:_files' \
'--stop-on-critical[Stop when a connection cannot recover on its own]' \
'(-a --pass)--askpass[Prompt for the password]' \
'--no-auth-warning[Do not warn about a password on the command line]' \
'(-u --uri --targets -h --host -p --port -s --socket -a --pass --pass-command --pass-file --user --askpass --spawn)--sandbox[Use the embedded server on a free loopback port]' \
'--tls[Encrypt the connection, as with rediss\://]' \
'--insecure[Do not check the server'\''s certificate]' \
'(--resubscribe)--no-resubscribe[Do not resubscribe after a reconnect]' \
'-q[Print only the report, no events or progress]' \
'--quiet[Print only the report, no events or progress]' \
'-v[Show every section of the text report]' \
'--verbose[Show every section of the text report]' \
'--local-time[Show local times instead of UTC]' \
'--journal-reopen[Do not end the run on SIGHUP, for logrotate]' \
'--exit-zero[Always exit 0]' \
'(--targets -s --socket --sandbox)--cluster[Examine all primaries of the cluster of this server]' \
'--replicas[With --cluster, examine the replicas, too]' \
'--no-evidence[Gather no evidence about outages]' \
'--help[Print long help (-h at the end\: short help)]' \
'*::servers -- Servers\: a URL, HOST or HOST\:PORT \[default\: see -u\]:_default' \
&& ret=0
;;
(watch)
_arguments "${_arguments_options[@]}" : \
'-d+[Stop after this long \[default\: until a signal\]]:TIME:_default' \
'--duration=[Stop after this long \[default\: until a signal\]]:TIME:_default' \
'--rate=[Probe rate per connection; 0 = unlimited \[default\: 10/s\]]:RATE:_default' \
'*--workload=[Workload, comma-separated \[default\: ping,pubsub\]]:WORKLOAD:((ping\:"PING with a nonce"
pubsub\:"Numbered messages on channels redis-doctor\:RUN\:N, each accounted for"
shard-pubsub\:"The same on shard channels (SSUBSCRIBE), in a cluster of each node'\''s slots"
kv\:"SET and GET of expiring keys under redis-doctor\:"
mixed\:"PING, messages, and SET and GET"
ledger\:"SET of numbered keys, read back at the end"))' \
'--connections=[Number of connections under test, 1 to 10000]:N:_default' \
'--concurrency=[Probes in flight per connection, 1 to 10000 \[default\: 1\]]:M:_default' \
'--payload=[Extra bytes in each probe, at most 16m \[default\: 0\]]:BYTES:_default' \
'-W+[Timeout of a probe \[default\: 2s\]]:TIME:_default' \
'--timeout=[Timeout of a probe \[default\: 2s\]]:TIME:_default' \
'--verify-rate=[Numbered messages per connection \[default\: 10/s\]]:RATE:_default' \
'--channels=[Channels per connection, 1 to 10000 \[default\: 1\]]:N:_default' \
'--baseline=[Compare with this earlier run at the end]:FILE:_files' \
'--via=[With --cluster, the client of the commands \[default\: direct\]]:CLIENT:(direct cluster-client)' \
'-t+[Server with this name in the configuration file]:NAME:{compadd -- ${(f)"$(redis-doctor completions --targets 2>/dev/null)"}}' \
'--target=[Server with this name in the configuration file]:NAME:{compadd -- ${(f)"$(redis-doctor completions --targets 2>/dev/null)"}}' \
'(-h --host -p --port -s --socket)*-u+[Server URL (repeatable) \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(-h --host -p --port -s --socket)*--uri=[Server URL (repeatable) \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(--spawn -h --host -p --port -s --socket)--targets=[Read servers from this file, - for stdin]:FILE:_files' \
'(--spawn)-h+[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'(--spawn)--host=[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'(--spawn)-p+[Port \[default\: 6379\]]:PORT:_default' \
'(--spawn)--port=[Port \[default\: 6379\]]:PORT:_default' \
'(--spawn -h --host -p --port)-s+[Unix socket instead of host and port]:PATH:_files' \
'(--spawn -h --host -p --port)--socket=[Unix socket instead of host and port]:PATH:_files' \
'-n+[Logical database \[default\: 0\]]:DB:_default' \
'--db=[Logical database \[default\: 0\]]:DB:_default' \
'(--spawn)-a+[Password \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'(--spawn)--pass=[Password \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'(--spawn)--user=[ACL user \[default\: the server'\''s default user\]]:NAME:_default' \
'(--spawn -a --pass --askpass)--pass-command=[Run this shell command for the password of each attempt]:CMD:_default' \
'(--spawn -a --pass --askpass --pass-command)--pass-file=[Read the password of each attempt from this file]:FILE:_files' \
'--name=[Client name of the connections, as in CLIENT LIST]:NAME:_default' \
'--protocol=[Protocol version \[default\: resp3\]]:PROTOCOL:(resp3 resp2 auto)' \
'(-u --uri --sandbox)--spawn=[Start a real server on a free loopback port]::PATH:_files' \
'--sni=[Name to send and to check in the certificate \[default\: the host\]]:NAME:_default' \
'--cacert=[Trust the authorities in this file (PEM)]:FILE:_files' \
'--cacertdir=[Trust the authorities in the files of this directory]:DIR:_files' \
'--cert=[Certificate to present to the server (PEM)]:FILE:_files' \
'--key=[Private key of the certificate (PEM)]:FILE:_files' \
'*--fault=[Inject a fault with a proxy before the server (repeatable)]:KIND[=ARGS][@START][+FOR]:(reset_peer close half_close slow_close blackhole partition refuse stall_accept accept_close accept_reset latency bandwidth slicer limit_data idle_drop error_reply garbage truncate http_503 push)' \
'*--incident=[Replay the faults of a known incident (repeatable)]:NAME:(elasticache-reset nlb-idle nat-forget failover maintenance az-loss thundering-herd auth-rotation slow-resubscribe)' \
'--policy=[Preset that the flags below override]:NAME:(hardened library elasticache bare)' \
'--retries=[Retries of a failed reconnect, or unlimited \[hardened\: unlimited\]]:N:_default' \
'--min-delay=[First delay between attempts, before jitter \[hardened\: 100ms\]]:TIME:_default' \
'--spread=[Add up to this to the first delay, at random \[default\: 0s\]]:TIME:_default' \
'--max-delay=[Largest delay between attempts, before jitter \[hardened\: 5s\]]:TIME:_default' \
'--backoff-base=[Factor from one delay to the next, from 1 \[hardened\: 2\]]:FACTOR:_default' \
'--connect-timeout=[Timeout of a connection attempt \[hardened\: 5s\]]:TIME:_default' \
'--response-timeout=[Client-library response timeout \[hardened\: 2s\]]:TIME:_default' \
'--keepalive=[Set TCP keepalive, or off \[hardened\: 10/5/3\]]:T/I/P:_default' \
'--user-timeout=[Set TCP_USER_TIMEOUT, or off \[hardened\: 25s\]]:TIME:_default' \
'--nodelay=[Send small writes immediately (TCP_NODELAY) \[hardened\: on\]]:on|off:_default' \
'--watchdog=[Detect a dead connection with PINGs, or off \[hardened\: 1sx2\]]:TIMExN:_default' \
'--resubscribe=[Way to resubscribe after a reconnect \[hardened\: paced\]]:HOW:(library paced)' \
'--on-readonly=[Reaction to READONLY from a demoted server \[hardened\: rebuild\]]:REACTION:(stay rebuild)' \
'-o+[Write the report to this file, - for stdout]:FILE:_files' \
'--output=[Write the report to this file, - for stdout]:FILE:_files' \
'--color=[When to use color]:WHEN:(auto always never)' \
'--journal=[Append all events to this file as NDJSON]:FILE:_files' \
'--journal-max-size=[Rename the journal to FILE.1 at this size]:SIZE:_default' \
'*--fail-on=[Exit 2 (critical) if this is true (repeatable)]:CONDITION:(ambiguous attempts_failed availability bytes_in_doubt connections_lost desyncs duplicated e2e_p99 elements_lost errors lost max mean outage p50 p90 p99 p99.9 ran_twice reconnect_peak reconnects reordered service timeouts)' \
'*--warn-on=[Exit 1 (degraded) if this is true (repeatable)]:CONDITION:(ambiguous attempts_failed availability bytes_in_doubt connections_lost desyncs duplicated e2e_p99 elements_lost errors lost max mean outage p50 p90 p99 p99.9 ran_twice reconnect_peak reconnects reordered service timeouts)' \
'(-u --uri --targets -h --host -p --port -s --socket --sandbox --spawn --cluster --fault --incident)*--sentinel=[Find the server by these Sentinels (repeatable)]:HOST:PORT:_default' \
'--master=[With --sentinel, the name of the primary]:NAME:_default' \
'--max-reply=[Largest reply of a connection under test \[default\: 64m\]]:SIZE:_default' \
'--seed=[Seed for all randomness \[default\: random; shown in the report\]]:N:_default' \
'--format=[Report format \[default\: that of the name of --output, or text\]]:FORMAT:(text json ndjson csv openmetrics prometheus nagios markdown html hgrm hlog)' \
'--rows=[Rows of CSV \[default\: figures\]]:ROWS:(figures intervals outages errors)' \
'--listen-metrics=[Serve metrics to Prometheus at this address]:ADDRESS:_default' \
'*--allow-probe=[Let a scraper check this server, too (repeatable)]:URL:_default' \
'--otlp=[Send metrics and outages to an OTLP collector]::URL:_default' \
'*--otlp-header=[Send this header to the collector (repeatable)]:NAME=VALUE:_default' \
'--otlp-cacert=[Trust the authorities in this PEM file for the collector]:FILE:_files' \
'--config=[Configuration file \[default\: ~/.config/redis-doctor/config.toml\]]:FILE:_files' \
'--stop-on-critical[Stop when a connection cannot recover on its own]' \
'(-a --pass)--askpass[Prompt for the password]' \
'--no-auth-warning[Do not warn about a password on the command line]' \
'(-u --uri --targets -h --host -p --port -s --socket -a --pass --pass-command --pass-file --user --askpass --spawn)--sandbox[Use the embedded server on a free loopback port]' \
'--tls[Encrypt the connection, as with rediss\://]' \
'--insecure[Do not check the server'\''s certificate]' \
'(--resubscribe)--no-resubscribe[Do not resubscribe after a reconnect]' \
'-q[Print only the report, no events or progress]' \
'--quiet[Print only the report, no events or progress]' \
'-v[Show every section of the text report]' \
'--verbose[Show every section of the text report]' \
'--local-time[Show local times instead of UTC]' \
'--journal-reopen[Do not end the run on SIGHUP, for logrotate]' \
'--exit-zero[Always exit 0]' \
'(--targets -s --socket --sandbox)--cluster[Examine all primaries of the cluster of this server]' \
'--replicas[With --cluster, examine the replicas, too]' \
'--no-evidence[Gather no evidence about outages]' \
'--help[Print long help (-h at the end\: short help)]' \
'*::servers -- Servers\: a URL, HOST or HOST\:PORT \[default\: see -u\]:_default' \
&& ret=0
;;
(proxy)
_arguments "${_arguments_options[@]}" : \
'--listen=[Address to listen on; port 0 picks a free one]:ADDRESS:_default' \
'-u+[URL of the server \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'--uri=[URL of the server \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(-u --uri --sandbox)--spawn=[Start a real server on a free loopback port]::PATH:_files' \
'--seed=[Seed for all randomness \[default\: random\]]:N:_default' \
'*--fault=[Inject a fault with a proxy before the server (repeatable)]:KIND[=ARGS][@START][+FOR]:(reset_peer close half_close slow_close blackhole partition refuse stall_accept accept_close accept_reset latency bandwidth slicer limit_data idle_drop error_reply garbage truncate http_503 push)' \
'*--incident=[Replay the faults of a known incident (repeatable)]:NAME:(elasticache-reset nlb-idle nat-forget failover maintenance az-loss thundering-herd auth-rotation slow-resubscribe)' \
'--sni=[Name to send and to check in the certificate \[default\: the host\]]:NAME:_default' \
'--cacert=[Trust the authorities in this file (PEM)]:FILE:_files' \
'--cacertdir=[Trust the authorities in the files of this directory]:DIR:_files' \
'--cert=[Certificate to present to the server (PEM)]:FILE:_files' \
'--key=[Private key of the certificate (PEM)]:FILE:_files' \
'--format=[Report format \[default\: that of the name of --output, or text\]]:FORMAT:(text json ndjson csv openmetrics prometheus nagios markdown html hgrm hlog)' \
'--rows=[Rows of CSV \[default\: figures\]]:ROWS:(figures intervals outages errors)' \
'-o+[Write the report to this file, - for stdout]:FILE:_files' \
'--output=[Write the report to this file, - for stdout]:FILE:_files' \
'--color=[When to use color]:WHEN:(auto always never)' \
'--journal=[Append all events to this file as NDJSON]:FILE:_files' \
'--journal-max-size=[Rename the journal to FILE.1 at this size]:SIZE:_default' \
'*--fail-on=[Exit 2 (critical) if this is true (repeatable)]:CONDITION:(ambiguous attempts_failed availability bytes_in_doubt connections_lost desyncs duplicated e2e_p99 elements_lost errors lost max mean outage p50 p90 p99 p99.9 ran_twice reconnect_peak reconnects reordered service timeouts)' \
'*--warn-on=[Exit 1 (degraded) if this is true (repeatable)]:CONDITION:(ambiguous attempts_failed availability bytes_in_doubt connections_lost desyncs duplicated e2e_p99 elements_lost errors lost max mean outage p50 p90 p99 p99.9 ran_twice reconnect_peak reconnects reordered service timeouts)' \
'--listen-metrics=[Serve metrics to Prometheus at this address]:ADDRESS:_default' \
'*--allow-probe=[Let a scraper check this server, too (repeatable)]:URL:_default' \
'--otlp=[Send metrics and outages to an OTLP collector]::URL:_default' \
'*--otlp-header=[Send this header to the collector (repeatable)]:NAME=VALUE:_default' \
'--otlp-cacert=[Trust the authorities in this PEM file for the collector]:FILE:_files' \
'--config=[Configuration file \[default\: ~/.config/redis-doctor/config.toml\]]:FILE:_files' \
'(-u --uri)--sandbox[Use the embedded server]' \
'--allow-remote[Allow other machines to connect]' \
'--no-control[Take no orders on the wire]' \
'--report[Observe the application, and report on it at the end]' \
'--tls[Encrypt the connection, as with rediss\://]' \
'--insecure[Do not check the server'\''s certificate]' \
'-q[Print only the report, no events or progress]' \
'--quiet[Print only the report, no events or progress]' \
'--journal-reopen[Do not end the run on SIGHUP, for logrotate]' \
'--exit-zero[Always exit 0]' \
'--no-evidence[Gather no evidence about outages]' \
'--help[Print long help (-h at the end\: short help)]' \
'*::command -- Application to start and to report on:_default' \
&& ret=0
;;
(drill)
_arguments "${_arguments_options[@]}" : \
'(--all)*--case=[Cases to run, comma-separated]:NAME:(reset-idle reset-in-flight reset-client-only close half-close blackhole partition-4s refuse-2s refuse-12s refuse-12s-silent stall-accept-4s accept-close-2s accept-reset-2s wrongpass-11s http-503-11s garbage-11s max-clients-3s loading-3s noperm-resubscribe slow-resubscribe many-channels readonly latency-700ms slicer truncate idle-drop-reset maintenance-push partition-8s blackhole-70s forgotten noauth-6s max-clients-6s loading-6s readonly-6s noperm-resubscribe-6s cut-reply-1s sentinel-failover kill-primary freeze-primary cluster-failover kill-node move-slot lose-slots)' \
'(-u --uri --targets -h --host -p --port -s --socket --sandbox --spawn --fault --incident --exec --listen)--lab=[Drill a set of servers that redis-doctor starts for it]:KIND:(sentinel cluster)' \
'*--policy=[Policies to test, comma-separated]:NAME:(hardened library elasticache bare)' \
'*--must-survive=[Exit 2 unless these policies survive every case]:NAME:(bare library elasticache hardened all reset-idle reset-in-flight close half-close partition-8s blackhole-70s forgotten refuse-12s noauth-6s max-clients-6s loading-6s readonly-6s noperm-resubscribe-6s cut-reply-1s)' \
'(--policy)--exec=[Start this application, and drill it instead of the policies]:COMMAND:_default' \
'(--policy)--listen=[Drill the application that connects to this address]:ADDRESS:_default' \
'*--url-env=[Put the URL of the proxy into this variable, too (repeatable)]:NAME:_default' \
'--health=[Check the health of the application with this command]:COMMAND:_default' \
'--load=[Run this command beside the application]:COMMAND:_default' \
'(--listen)--jobs=[Run this many cases at the same time \[default\: 4\]]:N:_default' \
'--log-dir=[Write the output of the application to this folder]:DIR:_files' \
'--format=[Result format \[default\: that of the name of --output, or text\]]:FORMAT:(text json csv markdown junit html)' \
'-o+[Write the results to this file]:FILE:_files' \
'--output=[Write the results to this file]:FILE:_files' \
'--seed=[Seed for all randomness \[default\: random\]]:N:_default' \
'*--fault=[Inject a fault with a proxy before the server (repeatable)]:KIND[=ARGS][@START][+FOR]:(reset_peer close half_close slow_close blackhole partition refuse stall_accept accept_close accept_reset latency bandwidth slicer limit_data idle_drop error_reply garbage truncate http_503 push)' \
'*--incident=[Replay the faults of a known incident (repeatable)]:NAME:(elasticache-reset nlb-idle nat-forget failover maintenance az-loss thundering-herd auth-rotation slow-resubscribe)' \
'-t+[Server with this name in the configuration file]:NAME:{compadd -- ${(f)"$(redis-doctor completions --targets 2>/dev/null)"}}' \
'--target=[Server with this name in the configuration file]:NAME:{compadd -- ${(f)"$(redis-doctor completions --targets 2>/dev/null)"}}' \
'(-h --host -p --port -s --socket)*-u+[Server URL (repeatable) \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(-h --host -p --port -s --socket)*--uri=[Server URL (repeatable) \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(--spawn -h --host -p --port -s --socket)--targets=[Read servers from this file, - for stdin]:FILE:_files' \
'(--spawn)-h+[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'(--spawn)--host=[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'(--spawn)-p+[Port \[default\: 6379\]]:PORT:_default' \
'(--spawn)--port=[Port \[default\: 6379\]]:PORT:_default' \
'(--spawn -h --host -p --port)-s+[Unix socket instead of host and port]:PATH:_files' \
'(--spawn -h --host -p --port)--socket=[Unix socket instead of host and port]:PATH:_files' \
'-n+[Logical database \[default\: 0\]]:DB:_default' \
'--db=[Logical database \[default\: 0\]]:DB:_default' \
'(--spawn)-a+[Password \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'(--spawn)--pass=[Password \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'(--spawn)--user=[ACL user \[default\: the server'\''s default user\]]:NAME:_default' \
'(--spawn -a --pass --askpass)--pass-command=[Run this shell command for the password of each attempt]:CMD:_default' \
'(--spawn -a --pass --askpass --pass-command)--pass-file=[Read the password of each attempt from this file]:FILE:_files' \
'--name=[Client name of the connections, as in CLIENT LIST]:NAME:_default' \
'--protocol=[Protocol version \[default\: resp3\]]:PROTOCOL:(resp3 resp2 auto)' \
'(-u --uri --sandbox)--spawn=[Start a real server on a free loopback port]::PATH:_files' \
'--sni=[Name to send and to check in the certificate \[default\: the host\]]:NAME:_default' \
'--cacert=[Trust the authorities in this file (PEM)]:FILE:_files' \
'--cacertdir=[Trust the authorities in the files of this directory]:DIR:_files' \
'--cert=[Certificate to present to the server (PEM)]:FILE:_files' \
'--key=[Private key of the certificate (PEM)]:FILE:_files' \
'--config=[Configuration file \[default\: ~/.config/redis-doctor/config.toml\]]:FILE:_files' \
'--all[Run every case]' \
'--listen-tls[Let the application speak TLS to the proxy]' \
'--fresh[Start a new process for each case]' \
'-q[Print no progress]' \
'--quiet[Print no progress]' \
'(-a --pass)--askpass[Prompt for the password]' \
'--no-auth-warning[Do not warn about a password on the command line]' \
'(-u --uri --targets -h --host -p --port -s --socket -a --pass --pass-command --pass-file --user --askpass --spawn)--sandbox[Use the embedded server on a free loopback port]' \
'--tls[Encrypt the connection, as with rediss\://]' \
'--insecure[Do not check the server'\''s certificate]' \
'--help[Print long help (-h at the end\: short help)]' \
'*::servers -- Servers\: a URL, HOST or HOST\:PORT \[default\: see -u\]:_default' \
&& ret=0
;;
(idle)
_arguments "${_arguments_options[@]}" : \
'--max=[Longest limit to look for \[default\: 20m\]]:TIME:_default' \
'--steps=[Number of silences to try in parallel, or a list]:N|TIME,…:_default' \
'--profile=[Search closely around the common limits of a cloud]:CLOUD:(aws azure gcp)' \
'--resolution=[Required precision of the limit \[default\: 2 %\]]:TIME:_default' \
'-W+[Timeout of the PING after a silence]:TIME:_default' \
'--timeout=[Timeout of the PING after a silence]:TIME:_default' \
'-w+[End the search after this long]:TIME:_default' \
'--deadline=[End the search after this long]:TIME:_default' \
'--must-survive=[Exit 2 (critical) unless connections survive this silence]:TIME:_default' \
'--format=[Result format \[default\: that of the name of --output, or text\]]:FORMAT:(text json ndjson nagios html)' \
'-o+[Write the result to this file, - for stdout]:FILE:_files' \
'--output=[Write the result to this file, - for stdout]:FILE:_files' \
'--seed=[Seed of the faults'\'' randomness \[default\: random\]]:N:_default' \
'*--fault=[Inject a fault with a proxy before the server (repeatable)]:KIND[=ARGS][@START][+FOR]:(reset_peer close half_close slow_close blackhole partition refuse stall_accept accept_close accept_reset latency bandwidth slicer limit_data idle_drop error_reply garbage truncate http_503 push)' \
'*--incident=[Replay the faults of a known incident (repeatable)]:NAME:(elasticache-reset nlb-idle nat-forget failover maintenance az-loss thundering-herd auth-rotation slow-resubscribe)' \
'-t+[Server with this name in the configuration file]:NAME:{compadd -- ${(f)"$(redis-doctor completions --targets 2>/dev/null)"}}' \
'--target=[Server with this name in the configuration file]:NAME:{compadd -- ${(f)"$(redis-doctor completions --targets 2>/dev/null)"}}' \
'(-h --host -p --port -s --socket)*-u+[Server URL (repeatable) \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(-h --host -p --port -s --socket)*--uri=[Server URL (repeatable) \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(--spawn -h --host -p --port -s --socket)--targets=[Read servers from this file, - for stdin]:FILE:_files' \
'(--spawn)-h+[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'(--spawn)--host=[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'(--spawn)-p+[Port \[default\: 6379\]]:PORT:_default' \
'(--spawn)--port=[Port \[default\: 6379\]]:PORT:_default' \
'(--spawn -h --host -p --port)-s+[Unix socket instead of host and port]:PATH:_files' \
'(--spawn -h --host -p --port)--socket=[Unix socket instead of host and port]:PATH:_files' \
'-n+[Logical database \[default\: 0\]]:DB:_default' \
'--db=[Logical database \[default\: 0\]]:DB:_default' \
'(--spawn)-a+[Password \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'(--spawn)--pass=[Password \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'(--spawn)--user=[ACL user \[default\: the server'\''s default user\]]:NAME:_default' \
'(--spawn -a --pass --askpass)--pass-command=[Run this shell command for the password of each attempt]:CMD:_default' \
'(--spawn -a --pass --askpass --pass-command)--pass-file=[Read the password of each attempt from this file]:FILE:_files' \
'--name=[Client name of the connections, as in CLIENT LIST]:NAME:_default' \
'--protocol=[Protocol version \[default\: resp3\]]:PROTOCOL:(resp3 resp2 auto)' \
'(-u --uri --sandbox)--spawn=[Start a real server on a free loopback port]::PATH:_files' \
'--sni=[Name to send and to check in the certificate \[default\: the host\]]:NAME:_default' \
'--cacert=[Trust the authorities in this file (PEM)]:FILE:_files' \
'--cacertdir=[Trust the authorities in the files of this directory]:DIR:_files' \
'--cert=[Certificate to present to the server (PEM)]:FILE:_files' \
'--key=[Private key of the certificate (PEM)]:FILE:_files' \
'--config=[Configuration file \[default\: ~/.config/redis-doctor/config.toml\]]:FILE:_files' \
'-q[Print only the result]' \
'--quiet[Print only the result]' \
'(-a --pass)--askpass[Prompt for the password]' \
'--no-auth-warning[Do not warn about a password on the command line]' \
'(-u --uri --targets -h --host -p --port -s --socket -a --pass --pass-command --pass-file --user --askpass --spawn)--sandbox[Use the embedded server on a free loopback port]' \
'--tls[Encrypt the connection, as with rediss\://]' \
'--insecure[Do not check the server'\''s certificate]' \
'--help[Print long help (-h at the end\: short help)]' \
'*::servers -- Servers\: a URL, HOST or HOST\:PORT \[default\: see -u\]:_default' \
&& ret=0
;;
(trace)
_arguments "${_arguments_options[@]}" : \
'()*-p+[Examine connections to these ports \[default\: 6379\]]:PORT,…:_default' \
'()*--port=[Examine connections to these ports \[default\: 6379\]]:PORT,…:_default' \
'--pid=[Examine connections of this process only]:PID:_default' \
'-d+[Watch for this long \[default\: until Ctrl-C\]]:TIME:_default' \
'--duration=[Watch for this long \[default\: until Ctrl-C\]]:TIME:_default' \
'--format=[Result format \[default\: that of the name of --output, or text\]]:FORMAT:(text json ndjson csv nagios markdown html)' \
'-o+[Write the result to this file, - for stdout]:FILE:_files' \
'--output=[Write the result to this file, - for stdout]:FILE:_files' \
'--color=[When to use color]:WHEN:(auto always never)' \
'--journal=[Append all events to this file as NDJSON]:FILE:_files' \
'--journal-max-size=[Rename the journal to FILE.1 at this size]:SIZE:_default' \
'--listen-metrics=[Serve metrics to Prometheus at this address]:ADDRESS:_default' \
'*--allow-probe=[Let a scraper check this server, too (repeatable)]:URL:_default' \
'--otlp=[Send metrics and outages to an OTLP collector]::URL:_default' \
'*--otlp-header=[Send this header to the collector (repeatable)]:NAME=VALUE:_default' \
'--otlp-cacert=[Trust the authorities in this PEM file for the collector]:FILE:_files' \
'*--fail-on=[Exit 2 (critical) if this is true (repeatable)]:CONDITION:(attempts_failed bytes_in_doubt connections_lost)' \
'*--warn-on=[Exit 1 (degraded) if this is true (repeatable)]:CONDITION:(attempts_failed bytes_in_doubt connections_lost)' \
'--config=[Configuration file \[default\: ~/.config/redis-doctor/config.toml\]]:FILE:_files' \
'--watch[Watch, and show events as they happen]' \
'-q[Print only problems]' \
'--quiet[Print only problems]' \
'--journal-reopen[Do not end the run on SIGHUP, for logrotate]' \
'--exit-zero[Always exit 0]' \
'--help[Print long help (-h at the end\: short help)]' \
'::server -- Examine connections to this server only (HOST\:PORT or a URL):_hosts' \
&& ret=0
;;
(wait)
_arguments "${_arguments_options[@]}" : \
'--for=[State to wait for]:STATE:(ready primary replica)' \
'-W+[Give up after this long]:TIME:_default' \
'--timeout=[Give up after this long]:TIME:_default' \
'-i+[Interval between checks]:TIME:_default' \
'--interval=[Interval between checks]:TIME:_default' \
'-t+[Server with this name in the configuration file]:NAME:{compadd -- ${(f)"$(redis-doctor completions --targets 2>/dev/null)"}}' \
'--target=[Server with this name in the configuration file]:NAME:{compadd -- ${(f)"$(redis-doctor completions --targets 2>/dev/null)"}}' \
'(-h --host -p --port -s --socket)*-u+[Server URL (repeatable) \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(-h --host -p --port -s --socket)*--uri=[Server URL (repeatable) \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(--spawn -h --host -p --port -s --socket)--targets=[Read servers from this file, - for stdin]:FILE:_files' \
'(--spawn)-h+[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'(--spawn)--host=[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'(--spawn)-p+[Port \[default\: 6379\]]:PORT:_default' \
'(--spawn)--port=[Port \[default\: 6379\]]:PORT:_default' \
'(--spawn -h --host -p --port)-s+[Unix socket instead of host and port]:PATH:_files' \
'(--spawn -h --host -p --port)--socket=[Unix socket instead of host and port]:PATH:_files' \
'-n+[Logical database \[default\: 0\]]:DB:_default' \
'--db=[Logical database \[default\: 0\]]:DB:_default' \
'(--spawn)-a+[Password \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'(--spawn)--pass=[Password \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'(--spawn)--user=[ACL user \[default\: the server'\''s default user\]]:NAME:_default' \
'(--spawn -a --pass --askpass)--pass-command=[Run this shell command for the password of each attempt]:CMD:_default' \
'(--spawn -a --pass --askpass --pass-command)--pass-file=[Read the password of each attempt from this file]:FILE:_files' \
'--name=[Client name of the connections, as in CLIENT LIST]:NAME:_default' \
'--protocol=[Protocol version \[default\: resp3\]]:PROTOCOL:(resp3 resp2 auto)' \
'(-u --uri --sandbox)--spawn=[Start a real server on a free loopback port]::PATH:_files' \
'--sni=[Name to send and to check in the certificate \[default\: the host\]]:NAME:_default' \
'--cacert=[Trust the authorities in this file (PEM)]:FILE:_files' \
'--cacertdir=[Trust the authorities in the files of this directory]:DIR:_files' \
'--cert=[Certificate to present to the server (PEM)]:FILE:_files' \
'--key=[Private key of the certificate (PEM)]:FILE:_files' \
'--config=[Configuration file \[default\: ~/.config/redis-doctor/config.toml\]]:FILE:_files' \
'--fail-fast[Stop immediately on a lasting error]' \
'-q[Print only the last error on a timeout]' \
'--quiet[Print only the last error on a timeout]' \
'(-a --pass)--askpass[Prompt for the password]' \
'--no-auth-warning[Do not warn about a password on the command line]' \
'(-u --uri --targets -h --host -p --port -s --socket -a --pass --pass-command --pass-file --user --askpass --spawn)--sandbox[Use the embedded server on a free loopback port]' \
'--tls[Encrypt the connection, as with rediss\://]' \
'--insecure[Do not check the server'\''s certificate]' \
'--help[Print long help (-h at the end\: short help)]' \
'*::servers -- Servers\: a URL, HOST or HOST\:PORT \[default\: see -u\]:_default' \
&& ret=0
;;
(report)
_arguments "${_arguments_options[@]}" : \
'--format=[Report format \[default\: that of the name of --output, or text\]]:FORMAT:(text json ndjson csv openmetrics prometheus nagios markdown html hgrm hlog)' \
'--rows=[Rows of CSV \[default\: figures\]]:ROWS:(figures intervals outages errors)' \
'-o+[Write the report to this file, - for stdout]:FILE:_files' \
'--output=[Write the report to this file, - for stdout]:FILE:_files' \
'--color=[When to use color]:WHEN:(auto always never)' \
'*--fail-on=[Exit 2 (critical) if this is true (repeatable)]:CONDITION:(ambiguous attempts_failed availability bytes_in_doubt connections_lost desyncs duplicated e2e_p99 elements_lost errors lost max mean outage p50 p90 p99 p99.9 ran_twice reconnect_peak reconnects reordered service timeouts)' \
'*--warn-on=[Exit 1 (degraded) if this is true (repeatable)]:CONDITION:(ambiguous attempts_failed availability bytes_in_doubt connections_lost desyncs duplicated e2e_p99 elements_lost errors lost max mean outage p50 p90 p99 p99.9 ran_twice reconnect_peak reconnects reordered service timeouts)' \
'--config=[Configuration file \[default\: ~/.config/redis-doctor/config.toml\]]:FILE:_files' \
'--strict[Refuse a damaged line instead of skipping it]' \
'-q[Print only the report, no events or progress]' \
'--quiet[Print only the report, no events or progress]' \
'-v[Show every section of the text report]' \
'--verbose[Show every section of the text report]' \
'--local-time[Show local times instead of UTC]' \
'--exit-zero[Always exit 0]' \
'--help[Print long help (-h at the end\: short help)]' \
'*::files -- Journals to read; - is stdin:_files' \
&& ret=0
;;
(compare)
_arguments "${_arguments_options[@]}" : \
'*--fail-on=[Exit 2 if a figure changes by more than this (repeatable)]:CONDITION:(drops outage availability lost duplicated reordered errors rate p50 p90 p99 p99.9 max e2e_p50 e2e_p99)' \
'--format=[Result format \[default\: that of the name of --output, or text\]]:FORMAT:(text json csv markdown)' \
'-o+[Write the report to this file, - for stdout]:FILE:_files' \
'--output=[Write the report to this file, - for stdout]:FILE:_files' \
'--color=[When to use color]:WHEN:(auto always never)' \
'--config=[Configuration file \[default\: ~/.config/redis-doctor/config.toml\]]:FILE:_files' \
'--force[Compare runs with different workloads, too]' \
'-q[Print only the report, no events or progress]' \
'--quiet[Print only the report, no events or progress]' \
'--help[Print long help (-h at the end\: short help)]' \
':before -- Journal or JSON report of the first run:_files' \
':after -- Journal or JSON report of the second run:_files' \
&& ret=0
;;
(explain)
_arguments "${_arguments_options[@]}" : \
'--format=[Output format]:FORMAT:(text json)' \
'--color=[When to use color]:WHEN:(auto always never)' \
'--config=[Configuration file \[default\: ~/.config/redis-doctor/config.toml\]]:FILE:_files' \
'()--list[List all entries]' \
'--help[Print long help (-h at the end\: short help)]' \
'*::words -- Error, code, words or log lines; - reads stdin:(RD001 RD002 RD003 RD004 RD005 RD006 RD007 RD008 RD009 RD010 RD011 RD012 RD013 RD014 RD015 RD016 RD017 RD018 RD021 RD022 RD023 RD024 RD025 RD026 RD027 RD028 RD029 RD030 RD040 RD041 RD042 RD043 RD044 RD045 RD046 RD047 RD048 RD049 RD050 RD051 RD052 RD053 RD054 RD055 RD056 RD057 RD058 RD059 RD060 RD061 RD062 RD063 RD064 RD065 RD101 RD102 RD103 RD104 RD105 RD106 RD107 RD108 RD109 RD110 RD111 RD112 RD113 RD114 RD115 RD116 RD117 RD118 RD119 RD120 RD121 RD122 RD123 RD124 RD125 RD126 RD127 RD128 RD129 RD130 RD131 RD132 RD133 RD134 RD135 RD136 RD137 RD138 RD139 RD140 RD141 RD142 RD143 RD144 RD145 RD146 RD147 RD148 RD149 RD150 RD151 RD152 RD153 RD154 RD155 RD156 RD157 RD158 RD160 RD161 RD162 RD163 RD164 RD165 RD170 RD171 RD172 RD173 RD174 RD175 RD176 RD177 RD180 RD181 RD182 RD183 RD184 RD185 RD186 RD187 RD188 RD190 RD191 RD192 RD193 RD205 RD206 RD207 RD210 RD211 RD224 RD225 RD230 RD231 RD232 RD233 RD234 RD235 RD236 RD237 RD238 RD239 aborted accept_queue_full address_in_use address_moved address_not_available aof_trouble ask authentication_changed aws-ec-cowr aws-ec-dns aws-ec-fo aws-ec-ka aws-ec-max aws-ec-test aws-ec-timeout aws-ec2-ct aws-gwlb aws-iam aws-natgw aws-nlb aws-nlb-nitro6 aws-nlb-rst az-lb az-linux az-redis bad_url became_replica blind_connection blocking_command broken_pipe_kernel busy bytes_in_doubt certificate_expired certificate_expires certificate_not_checked cli-lib client_certificate client_closed client_evicted client_killed client_not_reading client_stall client_threads_busy clients_paused close_wait cluster_address cluster_client_stays_broken cluster_mode_mismatch cluster_node_not_examined cluster_node_refuses cluster_unreachable clusterdown connect_failed connect_timeout connected_to_replica connected_to_sentinel connection_age_limit connection_closed connections_lost conntrack_nearly_full crossslot dataset_damaged dead delayed_fsync desync dns dns_moved docker-restart duplicated_or_reordered ended_unnoticed envoy execabort exhausted failed_attempts failover finite_retry_budget flooded fork_stall gcp-mem gcp-nat gcp-vpc ghost_client half_open half_open_connection haproxy host_unreachable http_on_redis_port ibm-pgw ipvs kernel_timeout kube-backoff kube-probe kube-proxy loading local_ports_nearly_used_up long_blackout_possible lost_together masked masterdown max_clients maxclients memory_risk messages_lost_in_outage messages_lost_while_connected middlebox_idle_limit misconf monit moved mtu_black_hole near_maxclients near_output_buffer_limit network_reset network_unreachable nf-ct nginx no_keepalive no_password no_resp3 noauth noperm noreplicas oci-lb oom other output_buffer_limit oversized_reply path_lost pinned planned_maintenance pool_exhausted ports protected_mode protocol_error protocol_garbage proxy_closed proxy_or_nat proxy_without_server query_buffer_limit r-cl r-cob r-evict r-ka r-max r-prot r-qbuf r-save r-sch r-sent r-timeout readonly refused regular replication_trouble reply_too_large reset resp3_unsupported response_timeout restart_loop retries_used_up retrying sentinels_disagree server_crashed server_error server_frozen server_idle_timeout server_keepalive server_loading server_restarted server_silent server_timeout_set several_addresses several_servers shared_connection slow_command slow_commands slow_disk slow_lookup slow_network slow_path slow_server socket_permission somaxconn stale_error subscriber_mode subscription_lost syn_unanswered systemd target_rejected tcp-ka tcp-r2 tcp-syn tcp-ut thundering_herd tls tls_mismatch too_few_replicas too_many_open_files tryagain two_primaries unknown waiting_timeout wedged writes_gone wrongpass)' \
&& ret=0
;;
(completions)
_arguments "${_arguments_options[@]}" : \
'()--targets[Print the names of the targets, for the scripts]' \
'--help[Print long help (-h at the end\: short help)]' \
'::shell -- Shell to complete in:(bash elvish fish nushell powershell zsh)' \
&& ret=0
;;
(man)
_arguments "${_arguments_options[@]}" : \
'--help[Print long help (-h at the end\: short help)]' \
'::command -- Command to describe \[default\: the whole tool\]:(check ping subscribe soak watch proxy drill idle trace wait report compare explain completions man)' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_redis-doctor__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:redis-doctor-help-command-$line[1]:"
        case $line[1] in
            (check)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(ping)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(subscribe)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(soak)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(watch)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(proxy)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(drill)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(idle)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(trace)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(wait)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(report)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(compare)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(explain)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(completions)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(man)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
}

(( $+functions[_redis-doctor_commands] )) ||
_redis-doctor_commands() {
    local commands; commands=(
'check:Check server, path and this machine once (the default command)' \
'ping:Send PINGs over one connection, one line per reply, like ping(8)' \
'subscribe:Tail channels; show drops, resubscriptions and lost messages' \
'soak:Hold connections for minutes or weeks and report every outage' \
'watch:Show each change of a server, its role or address as it happens' \
'proxy:Run a fault proxy before a server, to test any application' \
'drill:Run each reconnect policy, or an application, through each fault' \
'idle:Find the idle timeout of the path or server' \
'trace:Examine the connections of running applications (Linux)' \
'wait:Wait until a server is ready, a primary or a replica' \
'report:Rebuild a report from journals, including one cut off by a crash' \
'compare:Compare two runs, and distinguish a change from noise' \
'explain:Explain an error, cause or finding, and what to do (offline)' \
'completions:Print a completion script for a shell' \
'man:Print the manual page (roff)' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'redis-doctor commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__check_commands] )) ||
_redis-doctor__subcmd__check_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor check commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__compare_commands] )) ||
_redis-doctor__subcmd__compare_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor compare commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__completions_commands] )) ||
_redis-doctor__subcmd__completions_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor completions commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__drill_commands] )) ||
_redis-doctor__subcmd__drill_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor drill commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__explain_commands] )) ||
_redis-doctor__subcmd__explain_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor explain commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__help_commands] )) ||
_redis-doctor__subcmd__help_commands() {
    local commands; commands=(
'check:Check server, path and this machine once (the default command)' \
'ping:Send PINGs over one connection, one line per reply, like ping(8)' \
'subscribe:Tail channels; show drops, resubscriptions and lost messages' \
'soak:Hold connections for minutes or weeks and report every outage' \
'watch:Show each change of a server, its role or address as it happens' \
'proxy:Run a fault proxy before a server, to test any application' \
'drill:Run each reconnect policy, or an application, through each fault' \
'idle:Find the idle timeout of the path or server' \
'trace:Examine the connections of running applications (Linux)' \
'wait:Wait until a server is ready, a primary or a replica' \
'report:Rebuild a report from journals, including one cut off by a crash' \
'compare:Compare two runs, and distinguish a change from noise' \
'explain:Explain an error, cause or finding, and what to do (offline)' \
'completions:Print a completion script for a shell' \
'man:Print the manual page (roff)' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'redis-doctor help commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__help__subcmd__check_commands] )) ||
_redis-doctor__subcmd__help__subcmd__check_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor help check commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__help__subcmd__compare_commands] )) ||
_redis-doctor__subcmd__help__subcmd__compare_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor help compare commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__help__subcmd__completions_commands] )) ||
_redis-doctor__subcmd__help__subcmd__completions_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor help completions commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__help__subcmd__drill_commands] )) ||
_redis-doctor__subcmd__help__subcmd__drill_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor help drill commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__help__subcmd__explain_commands] )) ||
_redis-doctor__subcmd__help__subcmd__explain_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor help explain commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__help__subcmd__help_commands] )) ||
_redis-doctor__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor help help commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__help__subcmd__idle_commands] )) ||
_redis-doctor__subcmd__help__subcmd__idle_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor help idle commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__help__subcmd__man_commands] )) ||
_redis-doctor__subcmd__help__subcmd__man_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor help man commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__help__subcmd__ping_commands] )) ||
_redis-doctor__subcmd__help__subcmd__ping_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor help ping commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__help__subcmd__proxy_commands] )) ||
_redis-doctor__subcmd__help__subcmd__proxy_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor help proxy commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__help__subcmd__report_commands] )) ||
_redis-doctor__subcmd__help__subcmd__report_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor help report commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__help__subcmd__soak_commands] )) ||
_redis-doctor__subcmd__help__subcmd__soak_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor help soak commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__help__subcmd__subscribe_commands] )) ||
_redis-doctor__subcmd__help__subcmd__subscribe_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor help subscribe commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__help__subcmd__trace_commands] )) ||
_redis-doctor__subcmd__help__subcmd__trace_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor help trace commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__help__subcmd__wait_commands] )) ||
_redis-doctor__subcmd__help__subcmd__wait_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor help wait commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__help__subcmd__watch_commands] )) ||
_redis-doctor__subcmd__help__subcmd__watch_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor help watch commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__idle_commands] )) ||
_redis-doctor__subcmd__idle_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor idle commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__man_commands] )) ||
_redis-doctor__subcmd__man_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor man commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__ping_commands] )) ||
_redis-doctor__subcmd__ping_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor ping commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__proxy_commands] )) ||
_redis-doctor__subcmd__proxy_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor proxy commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__report_commands] )) ||
_redis-doctor__subcmd__report_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor report commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__soak_commands] )) ||
_redis-doctor__subcmd__soak_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor soak commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__subscribe_commands] )) ||
_redis-doctor__subcmd__subscribe_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor subscribe commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__trace_commands] )) ||
_redis-doctor__subcmd__trace_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor trace commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__wait_commands] )) ||
_redis-doctor__subcmd__wait_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor wait commands' commands "$@"
}
(( $+functions[_redis-doctor__subcmd__watch_commands] )) ||
_redis-doctor__subcmd__watch_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor watch commands' commands "$@"
}

if [ "$funcstack[1]" = "_redis-doctor" ]; then
    _redis-doctor "$@"
else
    compdef _redis-doctor redis-doctor
fi
