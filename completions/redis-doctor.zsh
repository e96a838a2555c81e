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
'-t+[End after this long, whatever is not known by then \[default\: 9s\]]:TIME:_default' \
'--timeout=[End after this long, whatever is not known by then \[default\: 9s\]]:TIME:_default' \
'-w+[Warn when the PING time, in milliseconds, is outside of this range\: 10, 5\:10, @10\:20]:RANGE:_default' \
'--warning=[Warn when the PING time, in milliseconds, is outside of this range\: 10, 5\:10, @10\:20]:RANGE:_default' \
'-c+[Critical when the PING time, in milliseconds, is outside of this range]:RANGE:_default' \
'--critical=[Critical when the PING time, in milliseconds, is outside of this range]:RANGE:_default' \
'--format=[Form of the result]:FORMAT:(text json nagios)' \
'-o+[Write the result to this file]:FILE:_files' \
'--output=[Write the result to this file]:FILE:_files' \
'--color=[Colour; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'(-h --host -p --port -s --socket)-u+[Server as a URL\: redis, rediss, valkey, valkeys, unix or redis+unix \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'(-h --host -p --port -s --socket)--uri=[Server as a URL\: redis, rediss, valkey, valkeys, unix or redis+unix \[env\: REDIS_URL, VALKEY_URL\]]:URL:_default' \
'-p+[Port \[default\: 6379\]]:PORT:_default' \
'--port=[Port \[default\: 6379\]]:PORT:_default' \
'(-h --host -p --port)-s+[Unix socket instead of host and port]:PATH:_files' \
'(-h --host -p --port)--socket=[Unix socket instead of host and port]:PATH:_files' \
'-n+[Logical database \[default\: 0\]]:DB:_default' \
'--db=[Logical database \[default\: 0\]]:DB:_default' \
'-a+[Password; safer in the environment \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\] or with --askpass]:PASSWORD:_default' \
'--pass=[Password; safer in the environment \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\] or with --askpass]:PASSWORD:_default' \
'--user=[ACL user \[default\: the server'\''s default user\]]:NAME:_default' \
'--name=[Name of the connections under test in CLIENT LIST]:NAME:_default' \
'--protocol=[Protocol; auto falls back to RESP2 with a second connection for subscriptions \[default\: resp3\]]:PROTOCOL:(resp3 resp2 auto)' \
'--policy=[Preset that the flags below override\: hardened is recommended, library is what redis-rs does by default, elasticache is as published for the reset incident, bare never reconnects]:NAME:(hardened library elasticache bare)' \
'--retries=[Retries after the first attempt of a reconnect\: a number, or unlimited \[hardened\: unlimited\]]:N:_default' \
'--min-delay=[First delay between attempts, before jitter \[hardened\: 100ms\]]:TIME:_default' \
'--spread=[Each connection adds a random part of this to its first delay, as each process of a fleet should; the delays after it grow with it \[default\: 0s\]]:TIME:_default' \
'--max-delay=[Largest delay between attempts, before jitter \[hardened\: 5s\]]:TIME:_default' \
'--backoff-base=[Factor from one delay to the next, from 1 \[hardened\: 2\]]:FACTOR:_default' \
'--connect-timeout=[Limit of one connection attempt\: name look-up, TCP, TLS and HELLO together \[hardened\: 5s\]]:TIME:_default' \
'--response-timeout=[Limit of the client library for a reply \[hardened\: 2s\]]:TIME:_default' \
'--keepalive=[TCP keepalive\: idle seconds / interval / probes, or off \[hardened\: 10/5/3\]]:T/I/N:_default' \
'--user-timeout=[TCP_USER_TIMEOUT\: unacknowledged data older than this ends the connection, or off \[hardened\: 25s\]]:TIME:_default' \
'--nodelay=[Send small writes at once (TCP_NODELAY) \[hardened\: on\]]:on|off:_default' \
'--watchdog=[A PING each TIME; after N unanswered ones the connection is replaced, or off \[hardened\: 1sx2\]]:TIMExN:_default' \
'-h+[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'-H+[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'--host=[Host name or IP address \[default\: 127.0.0.1\]]:HOST:_default' \
'--exit-zero[Exit 0 also when the verdict is degraded or critical]' \
'-q[Only what is not in order]' \
'--quiet[Only what is not in order]' \
'(-a --pass)--askpass[Ask for the password on the terminal (or read one line of stdin when that is no terminal)]' \
'--no-auth-warning[Do not warn about a password on the command line]' \
'(-u --uri -h --host -p --port -s --socket -a --pass --user --askpass)--sandbox[Use the embedded server on a free loopback port instead of a real one; nothing needs to be installed]' \
'--no-resubscribe[Do not subscribe again after a reconnect]' \
'--help[Print help (also a lone -h at the end)]' \
&& ret=0
;;
(ping)
_arguments "${_arguments_options[@]}" : \
'-c+[Stop after this many PINGs \[default\: until a signal\]]:N:_default' \
'-r+[Stop after this many PINGs \[default\: until a signal\]]:N:_default' \
'--count=[Stop after this many PINGs \[default\: until a signal\]]:N:_default' \
'-i+[Time between two PINGs (bare numbers are seconds); 0 is back to back]:TIME:_default' \
'--interval=[Time between two PINGs (bare numbers are seconds); 0 is back to back]:TIME:_default' \
'-w+[Stop after this long, whatever came back \[default\: until a signal\]]:TIME:_default' \
'--deadline=[Stop after this long, whatever came back \[default\: until a signal\]]:TIME:_default' \
'-W+[A PING without a reply after this long has failed]:TIME:_default' \
'--timeout=[A PING without a reply after this long has failed]:TIME:_default' \
'--payload=[Bytes that travel with each PING beside its nonce (64k, 1m; at most 16m)]:BYTES:_default' \
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
'-a+[Password; safer in the environment \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\] or with --askpass]:PASSWORD:_default' \
'--pass=[Password; safer in the environment \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\] or with --askpass]:PASSWORD:_default' \
'--user=[ACL user \[default\: the server'\''s default user\]]:NAME:_default' \
'--name=[Name of the connections under test in CLIENT LIST]:NAME:_default' \
'--protocol=[Protocol; auto falls back to RESP2 with a second connection for subscriptions \[default\: resp3\]]:PROTOCOL:(resp3 resp2 auto)' \
'*--fault=[Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every\:60s+10s (repeatable; '\''redis-doctor proxy --help'\'' lists the kinds)]:KIND[=ARGS][@START][+FOR]:_default' \
'*--incident=[The same with the faults of an incident\: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)]:NAME:_default' \
'--policy=[Preset that the flags below override\: hardened is recommended, library is what redis-rs does by default, elasticache is as published for the reset incident, bare never reconnects]:NAME:(hardened library elasticache bare)' \
'--retries=[Retries after the first attempt of a reconnect\: a number, or unlimited \[hardened\: unlimited\]]:N:_default' \
'--min-delay=[First delay between attempts, before jitter \[hardened\: 100ms\]]:TIME:_default' \
'--spread=[Each connection adds a random part of this to its first delay, as each process of a fleet should; the delays after it grow with it \[default\: 0s\]]:TIME:_default' \
'--max-delay=[Largest delay between attempts, before jitter \[hardened\: 5s\]]:TIME:_default' \
'--backoff-base=[Factor from one delay to the next, from 1 \[hardened\: 2\]]:FACTOR:_default' \
'--connect-timeout=[Limit of one connection attempt\: name look-up, TCP, TLS and HELLO together \[hardened\: 5s\]]:TIME:_default' \
'--response-timeout=[Limit of the client library for a reply \[hardened\: 2s\]]:TIME:_default' \
'--keepalive=[TCP keepalive\: idle seconds / interval / probes, or off \[hardened\: 10/5/3\]]:T/I/N:_default' \
'--user-timeout=[TCP_USER_TIMEOUT\: unacknowledged data older than this ends the connection, or off \[hardened\: 25s\]]:TIME:_default' \
'--nodelay=[Send small writes at once (TCP_NODELAY) \[hardened\: on\]]:on|off:_default' \
'--watchdog=[A PING each TIME; after N unanswered ones the connection is replaced, or off \[hardened\: 1sx2\]]:TIMExN:_default' \
'-o+[Write the report to this file]:FILE:_files' \
'--output=[Write the report to this file]:FILE:_files' \
'--color=[Colour; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--journal=[Append every event to this file as NDJSON, for \`redis-doctor report\`]:FILE:_files' \
'*--fail-on=[Critical (exit 2) when this holds\: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)]:CONDITION:_default' \
'*--warn-on=[Degraded (exit 1) when this holds (repeatable)]:CONDITION:_default' \
'--seed=[Seed of all randomness of the run \[default\: another one each time; it is in the report\]]:N:_default' \
'--format=[Form of the report]:FORMAT:(text json ndjson csv openmetrics nagios)' \
'-D[Print the time before each line, in seconds since 1970 as ping -D does]' \
'--timestamps[Print the time before each line, in seconds since 1970 as ping -D does]' \
'(-a --pass)--askpass[Ask for the password on the terminal (or read one line of stdin when that is no terminal)]' \
'--no-auth-warning[Do not warn about a password on the command line]' \
'(-u --uri -h --host -p --port -s --socket -a --pass --user --askpass)--sandbox[Use the embedded server on a free loopback port instead of a real one; nothing needs to be installed]' \
'--no-resubscribe[Do not subscribe again after a reconnect]' \
'-q[Only the report, without lines or progress while the run goes on]' \
'--quiet[Only the report, without lines or progress while the run goes on]' \
'--exit-zero[Exit 0 also when the verdict is degraded or critical]' \
'--no-evidence[Do not gather evidence about outages\: no INFO, CONFIG GET and CLIENT LIST on a short-lived connection beside the one under test, soon after the start, each minute, after an outage and at the end, and no look at the kernel'\''s socket table]' \
'--help[Print help (also a lone -h at the end)]' \
&& ret=0
;;
(subscribe)
_arguments "${_arguments_options[@]}" : \
'*--pattern=[Pattern of channels, as PSUBSCRIBE takes it (repeatable)]:GLOB:_default' \
'*--shard=[Shard channel, as SSUBSCRIBE takes it (repeatable)]:CHANNEL:_default' \
'-c+[Stop after this many messages \[default\: until a signal\]]:N:_default' \
'--count=[Stop after this many messages \[default\: until a signal\]]:N:_default' \
'-d+[Stop after this long (bare numbers are seconds) \[default\: until a signal\]]:TIME:_default' \
'--duration=[Stop after this long (bare numbers are seconds) \[default\: until a signal\]]:TIME:_default' \
'--expect-every=[Alarm when no message came for this long]:TIME:_default' \
'--rate=[Pace of --verify\: 10, 10/s, 600/m \[default\: 10/s\]]:RATE:_default' \
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
'-a+[Password; safer in the environment \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\] or with --askpass]:PASSWORD:_default' \
'--pass=[Password; safer in the environment \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\] or with --askpass]:PASSWORD:_default' \
'--user=[ACL user \[default\: the server'\''s default user\]]:NAME:_default' \
'--name=[Name of the connections under test in CLIENT LIST]:NAME:_default' \
'--protocol=[Protocol; auto falls back to RESP2 with a second connection for subscriptions \[default\: resp3\]]:PROTOCOL:(resp3 resp2 auto)' \
'*--fault=[Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every\:60s+10s (repeatable; '\''redis-doctor proxy --help'\'' lists the kinds)]:KIND[=ARGS][@START][+FOR]:_default' \
'*--incident=[The same with the faults of an incident\: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)]:NAME:_default' \
'--policy=[Preset that the flags below override\: hardened is recommended, library is what redis-rs does by default, elasticache is as published for the reset incident, bare never reconnects]:NAME:(hardened library elasticache bare)' \
'--retries=[Retries after the first attempt of a reconnect\: a number, or unlimited \[hardened\: unlimited\]]:N:_default' \
'--min-delay=[First delay between attempts, before jitter \[hardened\: 100ms\]]:TIME:_default' \
'--spread=[Each connection adds a random part of this to its first delay, as each process of a fleet should; the delays after it grow with it \[default\: 0s\]]:TIME:_default' \
'--max-delay=[Largest delay between attempts, before jitter \[hardened\: 5s\]]:TIME:_default' \
'--backoff-base=[Factor from one delay to the next, from 1 \[hardened\: 2\]]:FACTOR:_default' \
'--connect-timeout=[Limit of one connection attempt\: name look-up, TCP, TLS and HELLO together \[hardened\: 5s\]]:TIME:_default' \
'--response-timeout=[Limit of the client library for a reply \[hardened\: 2s\]]:TIME:_default' \
'--keepalive=[TCP keepalive\: idle seconds / interval / probes, or off \[hardened\: 10/5/3\]]:T/I/N:_default' \
'--user-timeout=[TCP_USER_TIMEOUT\: unacknowledged data older than this ends the connection, or off \[hardened\: 25s\]]:TIME:_default' \
'--nodelay=[Send small writes at once (TCP_NODELAY) \[hardened\: on\]]:on|off:_default' \
'--watchdog=[A PING each TIME; after N unanswered ones the connection is replaced, or off \[hardened\: 1sx2\]]:TIMExN:_default' \
'-o+[Write the report to this file]:FILE:_files' \
'--output=[Write the report to this file]:FILE:_files' \
'--color=[Colour; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--journal=[Append every event to this file as NDJSON, for \`redis-doctor report\`]:FILE:_files' \
'*--fail-on=[Critical (exit 2) when this holds\: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)]:CONDITION:_default' \
'*--warn-on=[Degraded (exit 1) when this holds (repeatable)]:CONDITION:_default' \
'--seed=[Seed of all randomness of the run \[default\: another one each time; it is in the report\]]:N:_default' \
'--verify[Publish numbered messages to each CHANNEL from a second connection and account for every one; other subscribers see them, too]' \
'-D[Print the time (UTC) before each line]' \
'--timestamps[Print the time (UTC) before each line]' \
'(-a --pass)--askpass[Ask for the password on the terminal (or read one line of stdin when that is no terminal)]' \
'--no-auth-warning[Do not warn about a password on the command line]' \
'(-u --uri -h --host -p --port -s --socket -a --pass --user --askpass)--sandbox[Use the embedded server on a free loopback port instead of a real one; nothing needs to be installed]' \
'--no-resubscribe[Do not subscribe again after a reconnect]' \
'-q[Only the report, without lines or progress while the run goes on]' \
'--quiet[Only the report, without lines or progress while the run goes on]' \
'--exit-zero[Exit 0 also when the verdict is degraded or critical]' \
'--no-evidence[Do not gather evidence about outages\: no INFO, CONFIG GET and CLIENT LIST on a short-lived connection beside the one under test, soon after the start, each minute, after an outage and at the end, and no look at the kernel'\''s socket table]' \
'--help[Print help (also a lone -h at the end)]' \
'*::channels -- Channels (any bytes):_default' \
&& ret=0
;;
(soak)
_arguments "${_arguments_options[@]}" : \
'-d+[Stop after this long (bare numbers are seconds) \[default\: until a signal\]]:TIME:_default' \
'--duration=[Stop after this long (bare numbers are seconds) \[default\: until a signal\]]:TIME:_default' \
'--rate=[Probes per connection\: 10, 10/s, 600/m; 0 is as fast as they go \[default\: 10/s\]]:RATE:_default' \
'*--workload=[What to do, comma-separated; mixed is all three]:WORKLOAD:((ping\:"PING with a nonce"
pubsub\:"Numbered messages on channels redis-doctor\:<run>\:<n>, each accounted for"
kv\:"SET and GET of keys under redis-doctor\: that expire by themselves"
mixed\:"All three"))' \
'--connections=[Connections under test, 1 to 10000]:N:_default' \
'--concurrency=[Probes in flight at once on each connection, 1 to 10000 \[default\: 1\]]:M:_default' \
'--payload=[Bytes that travel with each probe beside its nonce (64k, 1m; at most 16m) \[default\: 0\]]:BYTES:_default' \
'-W+[A probe without a reply after this long has failed \[default\: 2s\]]:TIME:_default' \
'--timeout=[A probe without a reply after this long has failed \[default\: 2s\]]:TIME:_default' \
'--verify-rate=[Numbered messages per connection\: 10, 10/s, 600/m \[default\: 10/s\]]:RATE:_default' \
'--channels=[Channels subscribed on each connection, 1 to 10000; the numbered messages go to the first \[default\: 1\]]:N:_default' \
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
'-a+[Password; safer in the environment \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\] or with --askpass]:PASSWORD:_default' \
'--pass=[Password; safer in the environment \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\] or with --askpass]:PASSWORD:_default' \
'--user=[ACL user \[default\: the server'\''s default user\]]:NAME:_default' \
'--name=[Name of the connections under test in CLIENT LIST]:NAME:_default' \
'--protocol=[Protocol; auto falls back to RESP2 with a second connection for subscriptions \[default\: resp3\]]:PROTOCOL:(resp3 resp2 auto)' \
'*--fault=[Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every\:60s+10s (repeatable; '\''redis-doctor proxy --help'\'' lists the kinds)]:KIND[=ARGS][@START][+FOR]:_default' \
'*--incident=[The same with the faults of an incident\: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)]:NAME:_default' \
'--policy=[Preset that the flags below override\: hardened is recommended, library is what redis-rs does by default, elasticache is as published for the reset incident, bare never reconnects]:NAME:(hardened library elasticache bare)' \
'--retries=[Retries after the first attempt of a reconnect\: a number, or unlimited \[hardened\: unlimited\]]:N:_default' \
'--min-delay=[First delay between attempts, before jitter \[hardened\: 100ms\]]:TIME:_default' \
'--spread=[Each connection adds a random part of this to its first delay, as each process of a fleet should; the delays after it grow with it \[default\: 0s\]]:TIME:_default' \
'--max-delay=[Largest delay between attempts, before jitter \[hardened\: 5s\]]:TIME:_default' \
'--backoff-base=[Factor from one delay to the next, from 1 \[hardened\: 2\]]:FACTOR:_default' \
'--connect-timeout=[Limit of one connection attempt\: name look-up, TCP, TLS and HELLO together \[hardened\: 5s\]]:TIME:_default' \
'--response-timeout=[Limit of the client library for a reply \[hardened\: 2s\]]:TIME:_default' \
'--keepalive=[TCP keepalive\: idle seconds / interval / probes, or off \[hardened\: 10/5/3\]]:T/I/N:_default' \
'--user-timeout=[TCP_USER_TIMEOUT\: unacknowledged data older than this ends the connection, or off \[hardened\: 25s\]]:TIME:_default' \
'--nodelay=[Send small writes at once (TCP_NODELAY) \[hardened\: on\]]:on|off:_default' \
'--watchdog=[A PING each TIME; after N unanswered ones the connection is replaced, or off \[hardened\: 1sx2\]]:TIMExN:_default' \
'-o+[Write the report to this file]:FILE:_files' \
'--output=[Write the report to this file]:FILE:_files' \
'--color=[Colour; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--journal=[Append every event to this file as NDJSON, for \`redis-doctor report\`]:FILE:_files' \
'*--fail-on=[Critical (exit 2) when this holds\: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)]:CONDITION:_default' \
'*--warn-on=[Degraded (exit 1) when this holds (repeatable)]:CONDITION:_default' \
'--seed=[Seed of all randomness of the run \[default\: another one each time; it is in the report\]]:N:_default' \
'--format=[Form of the report]:FORMAT:(text json ndjson csv openmetrics nagios)' \
'--stop-on-critical[Stop at the first state the connection cannot leave by itself, instead of going on with a fresh one]' \
'(-a --pass)--askpass[Ask for the password on the terminal (or read one line of stdin when that is no terminal)]' \
'--no-auth-warning[Do not warn about a password on the command line]' \
'(-u --uri -h --host -p --port -s --socket -a --pass --user --askpass)--sandbox[Use the embedded server on a free loopback port instead of a real one; nothing needs to be installed]' \
'--no-resubscribe[Do not subscribe again after a reconnect]' \
'-q[Only the report, without lines or progress while the run goes on]' \
'--quiet[Only the report, without lines or progress while the run goes on]' \
'--exit-zero[Exit 0 also when the verdict is degraded or critical]' \
'--no-evidence[Do not gather evidence about outages\: no INFO, CONFIG GET and CLIENT LIST on a short-lived connection beside the one under test, soon after the start, each minute, after an outage and at the end, and no look at the kernel'\''s socket table]' \
'--help[Print help (also a lone -h at the end)]' \
&& ret=0
;;
(proxy)
_arguments "${_arguments_options[@]}" : \
'--listen=[Address to listen on, or a port of 127.0.0.1; port 0 takes a free one]:ADDRESS:_default' \
'-u+[Server behind it as a URL \[env\: REDIS_URL, VALKEY_URL\] \[default\: redis\://127.0.0.1\:6379\]]:URL:_default' \
'--uri=[Server behind it as a URL \[env\: REDIS_URL, VALKEY_URL\] \[default\: redis\://127.0.0.1\:6379\]]:URL:_default' \
'--format=[Form of the events\: text on stderr, or ndjson on stdout]:FORMAT:(text ndjson)' \
'--seed=[Seed of all randomness \[default\: another one each time\]]:N:_default' \
'*--fault=[Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every\:60s+10s (repeatable; '\''redis-doctor proxy --help'\'' lists the kinds)]:KIND[=ARGS][@START][+FOR]:_default' \
'*--incident=[The same with the faults of an incident\: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)]:NAME:_default' \
'(-u --uri)--sandbox[Put the embedded server behind it]' \
'--allow-remote[Listen also where other machines can connect\: they reach the server, and can break its connections]' \
'--help[Print help (also a lone -h at the end)]' \
&& ret=0
;;
(drill)
_arguments "${_arguments_options[@]}" : \
'(--all)*--case=[Cases by name, comma-separated (the names are below)]:NAME:_default' \
'*--policy=[Policies to put through it, comma-separated]:NAME:(hardened library elasticache bare)' \
'*--must-survive=[Exit 2 unless these policies survive every case, comma-separated]:NAME:(hardened library elasticache bare)' \
'--format=[Form of the results]:FORMAT:(text json csv markdown)' \
'-o+[Write the results to this file]:FILE:_files' \
'--output=[Write the results to this file]:FILE:_files' \
'--seed=[Seed of all randomness \[default\: another one each time\]]:N:_default' \
'*--fault=[Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every\:60s+10s (repeatable; '\''redis-doctor proxy --help'\'' lists the kinds)]:KIND[=ARGS][@START][+FOR]:_default' \
'*--incident=[The same with the faults of an incident\: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)]:NAME:_default' \
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
'-a+[Password; safer in the environment \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\] or with --askpass]:PASSWORD:_default' \
'--pass=[Password; safer in the environment \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\] or with --askpass]:PASSWORD:_default' \
'--user=[ACL user \[default\: the server'\''s default user\]]:NAME:_default' \
'--name=[Name of the connections under test in CLIENT LIST]:NAME:_default' \
'--protocol=[Protocol; auto falls back to RESP2 with a second connection for subscriptions \[default\: resp3\]]:PROTOCOL:(resp3 resp2 auto)' \
'--all[Every case there is; the default when neither --case nor --fault nor --incident is given]' \
'-q[No progress]' \
'--quiet[No progress]' \
'(-a --pass)--askpass[Ask for the password on the terminal (or read one line of stdin when that is no terminal)]' \
'--no-auth-warning[Do not warn about a password on the command line]' \
'(-u --uri -h --host -p --port -s --socket -a --pass --user --askpass)--sandbox[Use the embedded server on a free loopback port instead of a real one; nothing needs to be installed]' \
'--help[Print help (also a lone -h at the end)]' \
&& ret=0
;;
(idle)
_arguments "${_arguments_options[@]}" : \
'--max=[Longest limit to look for \[default\: 20m, or the profile'\''s longest, or --must-survive\]]:TIME:_default' \
'--steps=[Connections at once, each with a silence of its own, 1 to 10000; or the silences of the first round\: 30s,1m,5m]:N|TIME,…:_default' \
'--profile=[Look closely at the limits that are common in this cloud]:CLOUD:(aws azure gcp)' \
'--resolution=[Go on until the limit is known this well \[default\: one part in fifty, but not below 100ms\]]:TIME:_default' \
'-W+[A PING after a silence is lost when it is not answered after this long]:TIME:_default' \
'--timeout=[A PING after a silence is lost when it is not answered after this long]:TIME:_default' \
'--must-survive=[Critical (exit 2) when a connection does not survive this much silence; a longer limit is in order]:TIME:_default' \
'--format=[Form of the result]:FORMAT:(text json ndjson nagios)' \
'-o+[Write the result to this file]:FILE:_files' \
'--output=[Write the result to this file]:FILE:_files' \
'--seed=[Seed of all randomness of the faults \[default\: another one each time\]]:N:_default' \
'*--fault=[Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every\:60s+10s (repeatable; '\''redis-doctor proxy --help'\'' lists the kinds)]:KIND[=ARGS][@START][+FOR]:_default' \
'*--incident=[The same with the faults of an incident\: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)]:NAME:_default' \
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
'-a+[Password; safer in the environment \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\] or with --askpass]:PASSWORD:_default' \
'--pass=[Password; safer in the environment \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\] or with --askpass]:PASSWORD:_default' \
'--user=[ACL user \[default\: the server'\''s default user\]]:NAME:_default' \
'--name=[Name of the connections under test in CLIENT LIST]:NAME:_default' \
'--protocol=[Protocol; auto falls back to RESP2 with a second connection for subscriptions \[default\: resp3\]]:PROTOCOL:(resp3 resp2 auto)' \
'-q[Only the result]' \
'--quiet[Only the result]' \
'(-a --pass)--askpass[Ask for the password on the terminal (or read one line of stdin when that is no terminal)]' \
'--no-auth-warning[Do not warn about a password on the command line]' \
'(-u --uri -h --host -p --port -s --socket -a --pass --user --askpass)--sandbox[Use the embedded server on a free loopback port instead of a real one; nothing needs to be installed]' \
'--help[Print help (also a lone -h at the end)]' \
&& ret=0
;;
(wait)
_arguments "${_arguments_options[@]}" : \
'--for=[What to wait for]:STATE:(ready primary replica)' \
'-W+[Give up after this long]:TIME:_default' \
'--timeout=[Give up after this long]:TIME:_default' \
'-i+[Between the beginnings of two looks]:TIME:_default' \
'--interval=[Between the beginnings of two looks]:TIME:_default' \
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
'-a+[Password; safer in the environment \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\] or with --askpass]:PASSWORD:_default' \
'--pass=[Password; safer in the environment \[env\: REDISCLI_AUTH, VALKEYCLI_AUTH\] or with --askpass]:PASSWORD:_default' \
'--user=[ACL user \[default\: the server'\''s default user\]]:NAME:_default' \
'--name=[Name of the connections under test in CLIENT LIST]:NAME:_default' \
'--protocol=[Protocol; auto falls back to RESP2 with a second connection for subscriptions \[default\: resp3\]]:PROTOCOL:(resp3 resp2 auto)' \
'--fail-fast[End at once when waiting does not usually help\: wrong password, missing permission, refused certificate]' \
'-q[Nothing but the last obstacle, when the time is up]' \
'--quiet[Nothing but the last obstacle, when the time is up]' \
'(-a --pass)--askpass[Ask for the password on the terminal (or read one line of stdin when that is no terminal)]' \
'--no-auth-warning[Do not warn about a password on the command line]' \
'(-u --uri -h --host -p --port -s --socket -a --pass --user --askpass)--sandbox[Use the embedded server on a free loopback port instead of a real one; nothing needs to be installed]' \
'--help[Print help (also a lone -h at the end)]' \
&& ret=0
;;
(report)
_arguments "${_arguments_options[@]}" : \
'--format=[Form of the report]:FORMAT:(text json ndjson csv openmetrics nagios)' \
'-o+[Write the report to this file]:FILE:_files' \
'--output=[Write the report to this file]:FILE:_files' \
'--color=[Colour; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'*--fail-on=[Critical (exit 2) when this holds\: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)]:CONDITION:_default' \
'*--warn-on=[Degraded (exit 1) when this holds (repeatable)]:CONDITION:_default' \
'-q[Only the report, without lines or progress while the run goes on]' \
'--quiet[Only the report, without lines or progress while the run goes on]' \
'--exit-zero[Exit 0 also when the verdict is degraded or critical]' \
'--help[Print help (also a lone -h at the end)]' \
'*::files -- Journals, or the saved stdout of --format ndjson, - for stdin; several are merged:_files' \
&& ret=0
;;
(explain)
_arguments "${_arguments_options[@]}" : \
'--format=[Form of the explanation]:FORMAT:(text json)' \
'--color=[Colour; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'()--list[List everything there is]' \
'--help[Print help (also a lone -h at the end)]' \
'*::words -- A code (RD012), an errno (104, ECONNRESET), a name from a report, or any words, also a whole line of a log:_default' \
&& ret=0
;;
(completions)
_arguments "${_arguments_options[@]}" : \
'--help[Print help (also a lone -h at the end)]' \
':shell -- Shell:(bash elvish fish nushell powershell zsh)' \
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
'check:Look once at server, path and this machine, in a few seconds; also what redis-doctor does without a command' \
'ping:Send PINGs over one connection, a line per reply, and sum up as ping(8) does' \
'subscribe:Tail channels over one connection, with every drop and resubscription, and optionally verify delivery' \
'soak:Hold connections for minutes or weeks with probes and a verified pub/sub stream, and report every outage' \
'proxy:Listen in front of a server and break connections on purpose, for your own application in any language' \
'drill:Put each reconnect policy through each fault, and show which client survives what' \
'idle:Find out after how much silence something on the path, or the server, gives a connection up' \
'wait:Wait until a server is ready, or a primary, or a replica\: for scripts and containers' \
'report:Make a report again from journals, also from one cut off by a crash' \
'explain:Say what an error, a cause, a state or a finding means, how to tell, and what to do (offline)' \
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
'check:Look once at server, path and this machine, in a few seconds; also what redis-doctor does without a command' \
'ping:Send PINGs over one connection, a line per reply, and sum up as ping(8) does' \
'subscribe:Tail channels over one connection, with every drop and resubscription, and optionally verify delivery' \
'soak:Hold connections for minutes or weeks with probes and a verified pub/sub stream, and report every outage' \
'proxy:Listen in front of a server and break connections on purpose, for your own application in any language' \
'drill:Put each reconnect policy through each fault, and show which client survives what' \
'idle:Find out after how much silence something on the path, or the server, gives a connection up' \
'wait:Wait until a server is ready, or a primary, or a replica\: for scripts and containers' \
'report:Make a report again from journals, also from one cut off by a crash' \
'explain:Say what an error, a cause, a state or a finding means, how to tell, and what to do (offline)' \
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
