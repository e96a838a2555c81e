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
'--help[Print help (also a lone -h at the end)]' \
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
'-t+[Stop after this long and report what is known so far \[default\: 9s\]]:TIME:_default' \
'--timeout=[Stop after this long and report what is known so far \[default\: 9s\]]:TIME:_default' \
'-w+[Warn if the PING time in milliseconds is outside this range\: 10, 5\:10, @10\:20]:RANGE:_default' \
'--warning=[Warn if the PING time in milliseconds is outside this range\: 10, 5\:10, @10\:20]:RANGE:_default' \
'-c+[Exit 2 (critical) if the PING time in milliseconds is outside this range]:RANGE:_default' \
'--critical=[Exit 2 (critical) if the PING time in milliseconds is outside this range]:RANGE:_default' \
'--format=[Form of the result]:FORMAT:(text json nagios)' \
'-o+[Write the result to this file]:FILE:_files' \
'--output=[Write the result to this file]:FILE:_files' \
'--color=[Use color; auto means on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'(-h --host -p --port -s --socket)-u+[Server as a URL\: redis, rediss, valkey, valkeys, unix or redis+unix \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(-h --host -p --port -s --socket)--uri=[Server as a URL\: redis, rediss, valkey, valkeys, unix or redis+unix \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'-p+[Port \[default\: 6379\]]:PORT:_default' \
'--port=[Port \[default\: 6379\]]:PORT:_default' \
'(-h --host -p --port)-s+[Unix socket instead of host and port]:PATH:_files' \
'(-h --host -p --port)--socket=[Unix socket instead of host and port]:PATH:_files' \
'-n+[Logical database \[default\: 0\]]:DB:_default' \
'--db=[Logical database \[default\: 0\]]:DB:_default' \
'-a+[Password; safer in the environment or with --askpass \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'--pass=[Password; safer in the environment or with --askpass \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'--user=[ACL user \[default\: the server'\''s default user\]]:NAME:_default' \
'--name=[Client name of the connections under test, as in CLIENT LIST]:NAME:_default' \
'--protocol=[Protocol; auto falls back to RESP2, with a second connection for subscriptions \[default\: resp3\]]:PROTOCOL:(resp3 resp2 auto)' \
'--policy=[Preset that the flags below override\: hardened is recommended, library is the redis-rs default, elasticache is the published fix for the reset incident, bare never reconnects]:NAME:(hardened library elasticache bare)' \
'--retries=[Retries after the first attempt of a reconnect\: a number, or unlimited \[hardened\: unlimited\]]:N:_default' \
'--min-delay=[First delay between attempts, before jitter \[hardened\: 100ms\]]:TIME:_default' \
'--spread=[Add a random part of this to the first delay of each connection, so that a fleet does not reconnect in step; later delays grow from there \[default\: 0s\]]:TIME:_default' \
'--max-delay=[Largest delay between attempts, before jitter \[hardened\: 5s\]]:TIME:_default' \
'--backoff-base=[Factor from one delay to the next, from 1 \[hardened\: 2\]]:FACTOR:_default' \
'--connect-timeout=[Timeout of one connection attempt\: DNS, TCP, TLS and HELLO together \[hardened\: 5s\]]:TIME:_default' \
'--response-timeout=[Client-library response timeout \[hardened\: 2s\]]:TIME:_default' \
'--keepalive=[TCP keepalive\: idle seconds / interval / probes, or off \[hardened\: 10/5/3\]]:T/I/N:_default' \
'--user-timeout=[TCP_USER_TIMEOUT\: close the connection when sent data stays unacknowledged for this long, or off \[hardened\: 25s\]]:TIME:_default' \
'--nodelay=[Send small writes immediately (TCP_NODELAY) \[hardened\: on\]]:on|off:_default' \
'--watchdog=[Send a PING every TIME and reconnect after N go unanswered, or off \[hardened\: 1sx2\]]:TIMExN:_default' \
'-h+[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'-H+[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'--host=[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'--exit-zero[Always exit 0]' \
'-q[Print only problems]' \
'--quiet[Print only problems]' \
'(-a --pass)--askpass[Prompt for the password, or read one line of stdin if it is not a terminal]' \
'--no-auth-warning[Do not warn about a password on the command line]' \
'(-u --uri -h --host -p --port -s --socket -a --pass --user --askpass)--sandbox[Use the embedded server on a free loopback port; nothing needs to be installed]' \
'--no-resubscribe[Do not resubscribe after a reconnect]' \
'--help[Print help (also a lone -h at the end)]' \
&& ret=0
;;
(ping)
_arguments "${_arguments_options[@]}" : \
'-c+[Stop after this many PINGs \[default\: until a signal\]]:N:_default' \
'-r+[Stop after this many PINGs \[default\: until a signal\]]:N:_default' \
'--count=[Stop after this many PINGs \[default\: until a signal\]]:N:_default' \
'-i+[Time between PINGs (bare numbers are seconds); 0 = back to back]:TIME:_default' \
'--interval=[Time between PINGs (bare numbers are seconds); 0 = back to back]:TIME:_default' \
'-w+[Stop after this long, even without replies \[default\: until a signal\]]:TIME:_default' \
'--deadline=[Stop after this long, even without replies \[default\: until a signal\]]:TIME:_default' \
'-W+[Count a PING as failed after this long without a reply]:TIME:_default' \
'--timeout=[Count a PING as failed after this long without a reply]:TIME:_default' \
'--payload=[Extra bytes in each PING (64k, 1m; at most 16m)]:BYTES:_default' \
'(-h --host -p --port -s --socket)-u+[Server as a URL\: redis, rediss, valkey, valkeys, unix or redis+unix \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(-h --host -p --port -s --socket)--uri=[Server as a URL\: redis, rediss, valkey, valkeys, unix or redis+unix \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'-h+[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'--host=[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'-p+[Port \[default\: 6379\]]:PORT:_default' \
'--port=[Port \[default\: 6379\]]:PORT:_default' \
'(-h --host -p --port)-s+[Unix socket instead of host and port]:PATH:_files' \
'(-h --host -p --port)--socket=[Unix socket instead of host and port]:PATH:_files' \
'-n+[Logical database \[default\: 0\]]:DB:_default' \
'--db=[Logical database \[default\: 0\]]:DB:_default' \
'-a+[Password; safer in the environment or with --askpass \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'--pass=[Password; safer in the environment or with --askpass \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'--user=[ACL user \[default\: the server'\''s default user\]]:NAME:_default' \
'--name=[Client name of the connections under test, as in CLIENT LIST]:NAME:_default' \
'--protocol=[Protocol; auto falls back to RESP2, with a second connection for subscriptions \[default\: resp3\]]:PROTOCOL:(resp3 resp2 auto)' \
'*--fault=[Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every\:60s+10s (repeatable; '\''redis-doctor proxy --help'\'' lists the kinds)]:KIND[=ARGS][@START][+FOR]:_default' \
'*--incident=[Replay the faults of an incident\: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)]:NAME:_default' \
'--policy=[Preset that the flags below override\: hardened is recommended, library is the redis-rs default, elasticache is the published fix for the reset incident, bare never reconnects]:NAME:(hardened library elasticache bare)' \
'--retries=[Retries after the first attempt of a reconnect\: a number, or unlimited \[hardened\: unlimited\]]:N:_default' \
'--min-delay=[First delay between attempts, before jitter \[hardened\: 100ms\]]:TIME:_default' \
'--spread=[Add a random part of this to the first delay of each connection, so that a fleet does not reconnect in step; later delays grow from there \[default\: 0s\]]:TIME:_default' \
'--max-delay=[Largest delay between attempts, before jitter \[hardened\: 5s\]]:TIME:_default' \
'--backoff-base=[Factor from one delay to the next, from 1 \[hardened\: 2\]]:FACTOR:_default' \
'--connect-timeout=[Timeout of one connection attempt\: DNS, TCP, TLS and HELLO together \[hardened\: 5s\]]:TIME:_default' \
'--response-timeout=[Client-library response timeout \[hardened\: 2s\]]:TIME:_default' \
'--keepalive=[TCP keepalive\: idle seconds / interval / probes, or off \[hardened\: 10/5/3\]]:T/I/N:_default' \
'--user-timeout=[TCP_USER_TIMEOUT\: close the connection when sent data stays unacknowledged for this long, or off \[hardened\: 25s\]]:TIME:_default' \
'--nodelay=[Send small writes immediately (TCP_NODELAY) \[hardened\: on\]]:on|off:_default' \
'--watchdog=[Send a PING every TIME and reconnect after N go unanswered, or off \[hardened\: 1sx2\]]:TIMExN:_default' \
'-o+[Write the report to this file]:FILE:_files' \
'--output=[Write the report to this file]:FILE:_files' \
'--color=[Use color; auto means on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--journal=[Append every event to this file as NDJSON, to replay with redis-doctor report]:FILE:_files' \
'*--fail-on=[Exit 2 (critical) if this holds\: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)]:CONDITION:_default' \
'*--warn-on=[Exit 1 (degraded) if this holds (repeatable)]:CONDITION:_default' \
'--seed=[Seed for all randomness \[default\: random; shown in the report\]]:N:_default' \
'--format=[Form of the report]:FORMAT:(text json ndjson csv openmetrics nagios)' \
'-D[Print a Unix timestamp before each line, like ping -D]' \
'--timestamps[Print a Unix timestamp before each line, like ping -D]' \
'(-a --pass)--askpass[Prompt for the password, or read one line of stdin if it is not a terminal]' \
'--no-auth-warning[Do not warn about a password on the command line]' \
'(-u --uri -h --host -p --port -s --socket -a --pass --user --askpass)--sandbox[Use the embedded server on a free loopback port; nothing needs to be installed]' \
'--no-resubscribe[Do not resubscribe after a reconnect]' \
'-q[Print only the report, without event lines or progress]' \
'--quiet[Print only the report, without event lines or progress]' \
'--exit-zero[Always exit 0]' \
'--no-evidence[Gather no evidence about outages\: send no INFO, CONFIG GET or CLIENT LIST on separate short-lived connections, and do not read the kernel'\''s socket table]' \
'--help[Print help (also a lone -h at the end)]' \
&& ret=0
;;
(subscribe)
_arguments "${_arguments_options[@]}" : \
'*--pattern=[Subscribe to a pattern, as PSUBSCRIBE does (repeatable)]:GLOB:_default' \
'*--shard=[Subscribe to a shard channel, as SSUBSCRIBE does (repeatable)]:CHANNEL:_default' \
'-c+[Stop after this many messages \[default\: until a signal\]]:N:_default' \
'--count=[Stop after this many messages \[default\: until a signal\]]:N:_default' \
'-d+[Stop after this long (bare numbers are seconds) \[default\: until a signal\]]:TIME:_default' \
'--duration=[Stop after this long (bare numbers are seconds) \[default\: until a signal\]]:TIME:_default' \
'--expect-every=[Report a gap if no message arrives for this long]:TIME:_default' \
'--rate=[Publish rate of --verify\: 10, 10/s, 600/m \[default\: 10/s\]]:RATE:_default' \
'--format=[Form of the messages on stdout; raw is the bytes and a line end]:FORMAT:(text ndjson raw)' \
'--report-format=[Form of the report in --output FILE; without that, a summary goes to stderr \[default\: text\]]:FORMAT:(text json ndjson csv openmetrics nagios)' \
'(-h --host -p --port -s --socket)-u+[Server as a URL\: redis, rediss, valkey, valkeys, unix or redis+unix \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(-h --host -p --port -s --socket)--uri=[Server as a URL\: redis, rediss, valkey, valkeys, unix or redis+unix \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'-h+[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'--host=[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'-p+[Port \[default\: 6379\]]:PORT:_default' \
'--port=[Port \[default\: 6379\]]:PORT:_default' \
'(-h --host -p --port)-s+[Unix socket instead of host and port]:PATH:_files' \
'(-h --host -p --port)--socket=[Unix socket instead of host and port]:PATH:_files' \
'-n+[Logical database \[default\: 0\]]:DB:_default' \
'--db=[Logical database \[default\: 0\]]:DB:_default' \
'-a+[Password; safer in the environment or with --askpass \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'--pass=[Password; safer in the environment or with --askpass \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'--user=[ACL user \[default\: the server'\''s default user\]]:NAME:_default' \
'--name=[Client name of the connections under test, as in CLIENT LIST]:NAME:_default' \
'--protocol=[Protocol; auto falls back to RESP2, with a second connection for subscriptions \[default\: resp3\]]:PROTOCOL:(resp3 resp2 auto)' \
'*--fault=[Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every\:60s+10s (repeatable; '\''redis-doctor proxy --help'\'' lists the kinds)]:KIND[=ARGS][@START][+FOR]:_default' \
'*--incident=[Replay the faults of an incident\: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)]:NAME:_default' \
'--policy=[Preset that the flags below override\: hardened is recommended, library is the redis-rs default, elasticache is the published fix for the reset incident, bare never reconnects]:NAME:(hardened library elasticache bare)' \
'--retries=[Retries after the first attempt of a reconnect\: a number, or unlimited \[hardened\: unlimited\]]:N:_default' \
'--min-delay=[First delay between attempts, before jitter \[hardened\: 100ms\]]:TIME:_default' \
'--spread=[Add a random part of this to the first delay of each connection, so that a fleet does not reconnect in step; later delays grow from there \[default\: 0s\]]:TIME:_default' \
'--max-delay=[Largest delay between attempts, before jitter \[hardened\: 5s\]]:TIME:_default' \
'--backoff-base=[Factor from one delay to the next, from 1 \[hardened\: 2\]]:FACTOR:_default' \
'--connect-timeout=[Timeout of one connection attempt\: DNS, TCP, TLS and HELLO together \[hardened\: 5s\]]:TIME:_default' \
'--response-timeout=[Client-library response timeout \[hardened\: 2s\]]:TIME:_default' \
'--keepalive=[TCP keepalive\: idle seconds / interval / probes, or off \[hardened\: 10/5/3\]]:T/I/N:_default' \
'--user-timeout=[TCP_USER_TIMEOUT\: close the connection when sent data stays unacknowledged for this long, or off \[hardened\: 25s\]]:TIME:_default' \
'--nodelay=[Send small writes immediately (TCP_NODELAY) \[hardened\: on\]]:on|off:_default' \
'--watchdog=[Send a PING every TIME and reconnect after N go unanswered, or off \[hardened\: 1sx2\]]:TIMExN:_default' \
'-o+[Write the report to this file]:FILE:_files' \
'--output=[Write the report to this file]:FILE:_files' \
'--color=[Use color; auto means on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--journal=[Append every event to this file as NDJSON, to replay with redis-doctor report]:FILE:_files' \
'*--fail-on=[Exit 2 (critical) if this holds\: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)]:CONDITION:_default' \
'*--warn-on=[Exit 1 (degraded) if this holds (repeatable)]:CONDITION:_default' \
'--seed=[Seed for all randomness \[default\: random; shown in the report\]]:N:_default' \
'--verify[Publish numbered messages to each CHANNEL from a second connection and account for each; other subscribers see them too]' \
'-D[Print the UTC time before each line]' \
'--timestamps[Print the UTC time before each line]' \
'(-a --pass)--askpass[Prompt for the password, or read one line of stdin if it is not a terminal]' \
'--no-auth-warning[Do not warn about a password on the command line]' \
'(-u --uri -h --host -p --port -s --socket -a --pass --user --askpass)--sandbox[Use the embedded server on a free loopback port; nothing needs to be installed]' \
'--no-resubscribe[Do not resubscribe after a reconnect]' \
'-q[Print only the report, without event lines or progress]' \
'--quiet[Print only the report, without event lines or progress]' \
'--exit-zero[Always exit 0]' \
'--no-evidence[Gather no evidence about outages\: send no INFO, CONFIG GET or CLIENT LIST on separate short-lived connections, and do not read the kernel'\''s socket table]' \
'--help[Print help (also a lone -h at the end)]' \
'*::channels -- Channels to subscribe to (any bytes):_default' \
&& ret=0
;;
(soak)
_arguments "${_arguments_options[@]}" : \
'-d+[Stop after this long (bare numbers are seconds) \[default\: until a signal\]]:TIME:_default' \
'--duration=[Stop after this long (bare numbers are seconds) \[default\: until a signal\]]:TIME:_default' \
'--rate=[Probe rate of each connection\: 10, 10/s, 600/m; 0 = unlimited \[default\: 10/s\]]:RATE:_default' \
'*--workload=[Workload, comma-separated; mixed is all three]:WORKLOAD:((ping\:"PING with a nonce"
pubsub\:"Numbered messages on channels redis-doctor\:<run>\:<n>, each accounted for"
kv\:"SET and GET of expiring keys under redis-doctor\:"
mixed\:"All three"))' \
'--connections=[Number of connections under test, 1 to 10000]:N:_default' \
'--concurrency=[Probes in flight at the same time on each connection, 1 to 10000 \[default\: 1\]]:M:_default' \
'--payload=[Extra bytes in each probe (64k, 1m; at most 16m) \[default\: 0\]]:BYTES:_default' \
'-W+[Count a probe as failed after this long without a reply \[default\: 2s\]]:TIME:_default' \
'--timeout=[Count a probe as failed after this long without a reply \[default\: 2s\]]:TIME:_default' \
'--verify-rate=[Rate of numbered messages of each connection\: 10, 10/s, 600/m \[default\: 10/s\]]:RATE:_default' \
'--channels=[Channels that each connection subscribes to, 1 to 10000; numbered messages go to the first \[default\: 1\]]:N:_default' \
'(-h --host -p --port -s --socket)-u+[Server as a URL\: redis, rediss, valkey, valkeys, unix or redis+unix \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(-h --host -p --port -s --socket)--uri=[Server as a URL\: redis, rediss, valkey, valkeys, unix or redis+unix \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'-h+[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'--host=[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'-p+[Port \[default\: 6379\]]:PORT:_default' \
'--port=[Port \[default\: 6379\]]:PORT:_default' \
'(-h --host -p --port)-s+[Unix socket instead of host and port]:PATH:_files' \
'(-h --host -p --port)--socket=[Unix socket instead of host and port]:PATH:_files' \
'-n+[Logical database \[default\: 0\]]:DB:_default' \
'--db=[Logical database \[default\: 0\]]:DB:_default' \
'-a+[Password; safer in the environment or with --askpass \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'--pass=[Password; safer in the environment or with --askpass \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'--user=[ACL user \[default\: the server'\''s default user\]]:NAME:_default' \
'--name=[Client name of the connections under test, as in CLIENT LIST]:NAME:_default' \
'--protocol=[Protocol; auto falls back to RESP2, with a second connection for subscriptions \[default\: resp3\]]:PROTOCOL:(resp3 resp2 auto)' \
'*--fault=[Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every\:60s+10s (repeatable; '\''redis-doctor proxy --help'\'' lists the kinds)]:KIND[=ARGS][@START][+FOR]:_default' \
'*--incident=[Replay the faults of an incident\: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)]:NAME:_default' \
'--policy=[Preset that the flags below override\: hardened is recommended, library is the redis-rs default, elasticache is the published fix for the reset incident, bare never reconnects]:NAME:(hardened library elasticache bare)' \
'--retries=[Retries after the first attempt of a reconnect\: a number, or unlimited \[hardened\: unlimited\]]:N:_default' \
'--min-delay=[First delay between attempts, before jitter \[hardened\: 100ms\]]:TIME:_default' \
'--spread=[Add a random part of this to the first delay of each connection, so that a fleet does not reconnect in step; later delays grow from there \[default\: 0s\]]:TIME:_default' \
'--max-delay=[Largest delay between attempts, before jitter \[hardened\: 5s\]]:TIME:_default' \
'--backoff-base=[Factor from one delay to the next, from 1 \[hardened\: 2\]]:FACTOR:_default' \
'--connect-timeout=[Timeout of one connection attempt\: DNS, TCP, TLS and HELLO together \[hardened\: 5s\]]:TIME:_default' \
'--response-timeout=[Client-library response timeout \[hardened\: 2s\]]:TIME:_default' \
'--keepalive=[TCP keepalive\: idle seconds / interval / probes, or off \[hardened\: 10/5/3\]]:T/I/N:_default' \
'--user-timeout=[TCP_USER_TIMEOUT\: close the connection when sent data stays unacknowledged for this long, or off \[hardened\: 25s\]]:TIME:_default' \
'--nodelay=[Send small writes immediately (TCP_NODELAY) \[hardened\: on\]]:on|off:_default' \
'--watchdog=[Send a PING every TIME and reconnect after N go unanswered, or off \[hardened\: 1sx2\]]:TIMExN:_default' \
'-o+[Write the report to this file]:FILE:_files' \
'--output=[Write the report to this file]:FILE:_files' \
'--color=[Use color; auto means on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--journal=[Append every event to this file as NDJSON, to replay with redis-doctor report]:FILE:_files' \
'*--fail-on=[Exit 2 (critical) if this holds\: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)]:CONDITION:_default' \
'*--warn-on=[Exit 1 (degraded) if this holds (repeatable)]:CONDITION:_default' \
'--seed=[Seed for all randomness \[default\: random; shown in the report\]]:N:_default' \
'--format=[Form of the report]:FORMAT:(text json ndjson csv openmetrics nagios)' \
'--stop-on-critical[Stop when a connection cannot recover on its own, instead of continuing with a fresh one]' \
'(-a --pass)--askpass[Prompt for the password, or read one line of stdin if it is not a terminal]' \
'--no-auth-warning[Do not warn about a password on the command line]' \
'(-u --uri -h --host -p --port -s --socket -a --pass --user --askpass)--sandbox[Use the embedded server on a free loopback port; nothing needs to be installed]' \
'--no-resubscribe[Do not resubscribe after a reconnect]' \
'-q[Print only the report, without event lines or progress]' \
'--quiet[Print only the report, without event lines or progress]' \
'--exit-zero[Always exit 0]' \
'--no-evidence[Gather no evidence about outages\: send no INFO, CONFIG GET or CLIENT LIST on separate short-lived connections, and do not read the kernel'\''s socket table]' \
'--help[Print help (also a lone -h at the end)]' \
&& ret=0
;;
(proxy)
_arguments "${_arguments_options[@]}" : \
'--listen=[Address to listen on, or a port on 127.0.0.1; port 0 picks a free one]:ADDRESS:_default' \
'-u+[Server behind the proxy, as a URL \[env\: REDIS_URL, VALKEY_URL\] \[default\: redis\://127.0.0.1\:6379\]]:URL:_default' \
'--uri=[Server behind the proxy, as a URL \[env\: REDIS_URL, VALKEY_URL\] \[default\: redis\://127.0.0.1\:6379\]]:URL:_default' \
'--format=[Form of the events\: text on stderr, or ndjson on stdout]:FORMAT:(text ndjson)' \
'--seed=[Seed for all randomness \[default\: random\]]:N:_default' \
'*--fault=[Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every\:60s+10s (repeatable; '\''redis-doctor proxy --help'\'' lists the kinds)]:KIND[=ARGS][@START][+FOR]:_default' \
'*--incident=[Replay the faults of an incident\: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)]:NAME:_default' \
'(-u --uri)--sandbox[Put the embedded server behind the proxy]' \
'--allow-remote[Allow other machines to connect, to reach the server and to break its connections]' \
'--help[Print help (also a lone -h at the end)]' \
&& ret=0
;;
(drill)
_arguments "${_arguments_options[@]}" : \
'(--all)*--case=[Cases to run, comma-separated (listed below)]:NAME:_default' \
'*--policy=[Policies to test, comma-separated]:NAME:(hardened library elasticache bare)' \
'*--must-survive=[Exit 2 unless these policies survive every case, comma-separated]:NAME:(hardened library elasticache bare)' \
'--format=[Form of the results]:FORMAT:(text json csv markdown)' \
'-o+[Write the results to this file]:FILE:_files' \
'--output=[Write the results to this file]:FILE:_files' \
'--seed=[Seed for all randomness \[default\: random\]]:N:_default' \
'*--fault=[Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every\:60s+10s (repeatable; '\''redis-doctor proxy --help'\'' lists the kinds)]:KIND[=ARGS][@START][+FOR]:_default' \
'*--incident=[Replay the faults of an incident\: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)]:NAME:_default' \
'(-h --host -p --port -s --socket)-u+[Server as a URL\: redis, rediss, valkey, valkeys, unix or redis+unix \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(-h --host -p --port -s --socket)--uri=[Server as a URL\: redis, rediss, valkey, valkeys, unix or redis+unix \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'-h+[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'--host=[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'-p+[Port \[default\: 6379\]]:PORT:_default' \
'--port=[Port \[default\: 6379\]]:PORT:_default' \
'(-h --host -p --port)-s+[Unix socket instead of host and port]:PATH:_files' \
'(-h --host -p --port)--socket=[Unix socket instead of host and port]:PATH:_files' \
'-n+[Logical database \[default\: 0\]]:DB:_default' \
'--db=[Logical database \[default\: 0\]]:DB:_default' \
'-a+[Password; safer in the environment or with --askpass \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'--pass=[Password; safer in the environment or with --askpass \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'--user=[ACL user \[default\: the server'\''s default user\]]:NAME:_default' \
'--name=[Client name of the connections under test, as in CLIENT LIST]:NAME:_default' \
'--protocol=[Protocol; auto falls back to RESP2, with a second connection for subscriptions \[default\: resp3\]]:PROTOCOL:(resp3 resp2 auto)' \
'--all[Run every case (the default without --case, --fault and --incident)]' \
'-q[Print no progress]' \
'--quiet[Print no progress]' \
'(-a --pass)--askpass[Prompt for the password, or read one line of stdin if it is not a terminal]' \
'--no-auth-warning[Do not warn about a password on the command line]' \
'(-u --uri -h --host -p --port -s --socket -a --pass --user --askpass)--sandbox[Use the embedded server on a free loopback port; nothing needs to be installed]' \
'--help[Print help (also a lone -h at the end)]' \
&& ret=0
;;
(idle)
_arguments "${_arguments_options[@]}" : \
'--max=[Longest limit to look for \[default\: 20m, or the profile'\''s longest, or --must-survive\]]:TIME:_default' \
'--steps=[Number of parallel connections, each with its own silence, 1 to 10000; or the silences to try first\: 30s,1m,5m]:N|TIME,…:_default' \
'--profile=[Search closely around the limits that are common in this cloud]:CLOUD:(aws azure gcp)' \
'--resolution=[Stop when the limit is known this precisely \[default\: 2 % of it, at least 100ms\]]:TIME:_default' \
'-W+[Count the PING after a silence as lost after this long without a reply]:TIME:_default' \
'--timeout=[Count the PING after a silence as lost after this long without a reply]:TIME:_default' \
'--must-survive=[Exit 2 (critical) unless connections survive this much silence; a longer limit is fine]:TIME:_default' \
'--format=[Form of the result]:FORMAT:(text json ndjson nagios)' \
'-o+[Write the result to this file]:FILE:_files' \
'--output=[Write the result to this file]:FILE:_files' \
'--seed=[Seed for all randomness of the faults \[default\: random\]]:N:_default' \
'*--fault=[Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every\:60s+10s (repeatable; '\''redis-doctor proxy --help'\'' lists the kinds)]:KIND[=ARGS][@START][+FOR]:_default' \
'*--incident=[Replay the faults of an incident\: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)]:NAME:_default' \
'(-h --host -p --port -s --socket)-u+[Server as a URL\: redis, rediss, valkey, valkeys, unix or redis+unix \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(-h --host -p --port -s --socket)--uri=[Server as a URL\: redis, rediss, valkey, valkeys, unix or redis+unix \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'-h+[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'--host=[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'-p+[Port \[default\: 6379\]]:PORT:_default' \
'--port=[Port \[default\: 6379\]]:PORT:_default' \
'(-h --host -p --port)-s+[Unix socket instead of host and port]:PATH:_files' \
'(-h --host -p --port)--socket=[Unix socket instead of host and port]:PATH:_files' \
'-n+[Logical database \[default\: 0\]]:DB:_default' \
'--db=[Logical database \[default\: 0\]]:DB:_default' \
'-a+[Password; safer in the environment or with --askpass \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'--pass=[Password; safer in the environment or with --askpass \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'--user=[ACL user \[default\: the server'\''s default user\]]:NAME:_default' \
'--name=[Client name of the connections under test, as in CLIENT LIST]:NAME:_default' \
'--protocol=[Protocol; auto falls back to RESP2, with a second connection for subscriptions \[default\: resp3\]]:PROTOCOL:(resp3 resp2 auto)' \
'-q[Print only the result]' \
'--quiet[Print only the result]' \
'(-a --pass)--askpass[Prompt for the password, or read one line of stdin if it is not a terminal]' \
'--no-auth-warning[Do not warn about a password on the command line]' \
'(-u --uri -h --host -p --port -s --socket -a --pass --user --askpass)--sandbox[Use the embedded server on a free loopback port; nothing needs to be installed]' \
'--help[Print help (also a lone -h at the end)]' \
&& ret=0
;;
(wait)
_arguments "${_arguments_options[@]}" : \
'--for=[State to wait for]:STATE:(ready primary replica)' \
'-W+[Give up after this long]:TIME:_default' \
'--timeout=[Give up after this long]:TIME:_default' \
'-i+[Interval between checks]:TIME:_default' \
'--interval=[Interval between checks]:TIME:_default' \
'(-h --host -p --port -s --socket)-u+[Server as a URL\: redis, rediss, valkey, valkeys, unix or redis+unix \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(-h --host -p --port -s --socket)--uri=[Server as a URL\: redis, rediss, valkey, valkeys, unix or redis+unix \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'-h+[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'--host=[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'-p+[Port \[default\: 6379\]]:PORT:_default' \
'--port=[Port \[default\: 6379\]]:PORT:_default' \
'(-h --host -p --port)-s+[Unix socket instead of host and port]:PATH:_files' \
'(-h --host -p --port)--socket=[Unix socket instead of host and port]:PATH:_files' \
'-n+[Logical database \[default\: 0\]]:DB:_default' \
'--db=[Logical database \[default\: 0\]]:DB:_default' \
'-a+[Password; safer in the environment or with --askpass \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'--pass=[Password; safer in the environment or with --askpass \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\]]:PASSWORD:_default' \
'--user=[ACL user \[default\: the server'\''s default user\]]:NAME:_default' \
'--name=[Client name of the connections under test, as in CLIENT LIST]:NAME:_default' \
'--protocol=[Protocol; auto falls back to RESP2, with a second connection for subscriptions \[default\: resp3\]]:PROTOCOL:(resp3 resp2 auto)' \
'--fail-fast[Stop immediately if waiting does not usually help\: wrong password, missing permission, rejected certificate]' \
'-q[Print only the last obstacle on a timeout]' \
'--quiet[Print only the last obstacle on a timeout]' \
'(-a --pass)--askpass[Prompt for the password, or read one line of stdin if it is not a terminal]' \
'--no-auth-warning[Do not warn about a password on the command line]' \
'(-u --uri -h --host -p --port -s --socket -a --pass --user --askpass)--sandbox[Use the embedded server on a free loopback port; nothing needs to be installed]' \
'--help[Print help (also a lone -h at the end)]' \
&& ret=0
;;
(report)
_arguments "${_arguments_options[@]}" : \
'--format=[Form of the report]:FORMAT:(text json ndjson csv openmetrics nagios)' \
'-o+[Write the report to this file]:FILE:_files' \
'--output=[Write the report to this file]:FILE:_files' \
'--color=[Use color; auto means on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'*--fail-on=[Exit 2 (critical) if this holds\: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)]:CONDITION:_default' \
'*--warn-on=[Exit 1 (degraded) if this holds (repeatable)]:CONDITION:_default' \
'-q[Print only the report, without event lines or progress]' \
'--quiet[Print only the report, without event lines or progress]' \
'--exit-zero[Always exit 0]' \
'--help[Print help (also a lone -h at the end)]' \
'*::files -- Journals or saved --format ndjson output; - is stdin, several are merged:_files' \
&& ret=0
;;
(explain)
_arguments "${_arguments_options[@]}" : \
'--format=[Form of the explanation]:FORMAT:(text json)' \
'--color=[Use color; auto means on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'()--list[List all entries]' \
'--help[Print help (also a lone -h at the end)]' \
'*::words -- A code (RD012), an errno (104, ECONNRESET), a name from a report, any words, or log lines; - reads stdin:_default' \
&& ret=0
;;
(completions)
_arguments "${_arguments_options[@]}" : \
'--help[Print help (also a lone -h at the end)]' \
':shell -- Shell to complete in:(bash elvish fish nushell powershell zsh)' \
&& ret=0
;;
(man)
_arguments "${_arguments_options[@]}" : \
'--help[Print help (also a lone -h at the end)]' \
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
(wait)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(report)
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
'check:Check the server, the path and this machine once, in a few seconds (the default command)' \
'ping:Send PINGs over one connection and print a line per reply, like ping(8)' \
'subscribe:Tail channels over one connection, show every drop and resubscription, and optionally verify delivery' \
'soak:Hold connections open for minutes or weeks under a verified workload, and report every outage' \
'proxy:Run a fault proxy in front of a server, to test your own application in any language' \
'drill:Run each reconnect policy through each fault, and show which client survives what' \
'idle:Find the idle timeout of the path or server' \
'wait:Wait until a server is ready, a primary or a replica, for scripts and containers' \
'report:Rebuild a report from journals, including one cut off by a crash' \
'explain:Explain an error, cause, state or finding\: what it means, how to confirm it, what to do (offline)' \
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
'check:Check the server, the path and this machine once, in a few seconds (the default command)' \
'ping:Send PINGs over one connection and print a line per reply, like ping(8)' \
'subscribe:Tail channels over one connection, show every drop and resubscription, and optionally verify delivery' \
'soak:Hold connections open for minutes or weeks under a verified workload, and report every outage' \
'proxy:Run a fault proxy in front of a server, to test your own application in any language' \
'drill:Run each reconnect policy through each fault, and show which client survives what' \
'idle:Find the idle timeout of the path or server' \
'wait:Wait until a server is ready, a primary or a replica, for scripts and containers' \
'report:Rebuild a report from journals, including one cut off by a crash' \
'explain:Explain an error, cause, state or finding\: what it means, how to confirm it, what to do (offline)' \
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
(( $+functions[_redis-doctor__subcmd__help__subcmd__wait_commands] )) ||
_redis-doctor__subcmd__help__subcmd__wait_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor help wait commands' commands "$@"
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
(( $+functions[_redis-doctor__subcmd__wait_commands] )) ||
_redis-doctor__subcmd__wait_commands() {
    local commands; commands=()
    _describe -t commands 'redis-doctor wait commands' commands "$@"
}

if [ "$funcstack[1]" = "_redis-doctor" ]; then
    _redis-doctor "$@"
else
    compdef _redis-doctor redis-doctor
fi
