module completions {

  # Connection doctor for Redis and Valkey: shows why a connection died, whether the client came back, and what was lost
  export extern redis-doctor [
    --help                    # Print help (also a lone -h at the end)
    --version(-V)             # Print version
  ]

  def "nu-complete redis-doctor check format" [] {
    [ "text" "json" "nagios" ]
  }

  def "nu-complete redis-doctor check color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete redis-doctor check protocol" [] {
    [ "resp3" "resp2" "auto" ]
  }

  def "nu-complete redis-doctor check policy" [] {
    [ "hardened" "library" "elasticache" "bare" ]
  }

  # Look once at server, path and this machine, in a few seconds; also what redis-doctor does without a command
  export extern "redis-doctor check" [
    --timeout(-t): string     # End after this long, whatever is not known by then [default: 9s]
    --warning(-w): string     # Warn when the PING time, in milliseconds, is outside of this range: 10, 5:10, @10:20
    --critical(-c): string    # Critical when the PING time, in milliseconds, is outside of this range
    --exit-zero               # Exit 0 also when the verdict is degraded or critical
    --format: string@"nu-complete redis-doctor check format" # Form of the result
    --output(-o): path        # Write the result to this file
    --quiet(-q)               # Only what is not in order
    --color: string@"nu-complete redis-doctor check color" # Colour; auto is on a terminal, unless NO_COLOR is set
    --uri(-u): string         # Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password; safer in the environment [env: REDISCLI_AUTH, VALKEYCLI_AUTH] or with --askpass
    --user: string            # ACL user [default: the server's default user]
    --askpass                 # Ask for the password on the terminal (or read one line of stdin when that is no terminal)
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Name of the connections under test in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor check protocol" # Protocol; auto falls back to RESP2 with a second connection for subscriptions [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port instead of a real one; nothing needs to be installed
    --policy: string@"nu-complete redis-doctor check policy" # Preset that the flags below override: hardened is recommended, library is what redis-rs does by default, elasticache is as published for the reset incident, bare never reconnects
    --retries: string         # Retries after the first attempt of a reconnect: a number, or unlimited [hardened: unlimited]
    --min-delay: string       # First delay between attempts, before jitter [hardened: 100ms]
    --spread: string          # Each connection adds a random part of this to its first delay, as each process of a fleet should; the delays after it grow with it [default: 0s]
    --max-delay: string       # Largest delay between attempts, before jitter [hardened: 5s]
    --backoff-base: string    # Factor from one delay to the next, from 1 [hardened: 2]
    --connect-timeout: string # Limit of one connection attempt: name look-up, TCP, TLS and HELLO together [hardened: 5s]
    --response-timeout: string # Limit of the client library for a reply [hardened: 2s]
    --keepalive: string       # TCP keepalive: idle seconds / interval / probes, or off [hardened: 10/5/3]
    --user-timeout: string    # TCP_USER_TIMEOUT: unacknowledged data older than this ends the connection, or off [hardened: 25s]
    --nodelay: string         # Send small writes at once (TCP_NODELAY) [hardened: on]
    --watchdog: string        # A PING each TIME; after N unanswered ones the connection is replaced, or off [hardened: 1sx2]
    --no-resubscribe          # Do not subscribe again after a reconnect
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    -H: string                # Host name or IP address [default: 127.0.0.1]
    --help                    # Print help (also a lone -h at the end)
  ]

  def "nu-complete redis-doctor ping protocol" [] {
    [ "resp3" "resp2" "auto" ]
  }

  def "nu-complete redis-doctor ping policy" [] {
    [ "hardened" "library" "elasticache" "bare" ]
  }

  def "nu-complete redis-doctor ping color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete redis-doctor ping format" [] {
    [ "text" "json" "ndjson" "csv" "openmetrics" "nagios" ]
  }

  # Send PINGs over one connection, a line per reply, and sum up as ping(8) does
  export extern "redis-doctor ping" [
    --count(-c): string       # Stop after this many PINGs [default: until a signal]
    -r: string                # Stop after this many PINGs [default: until a signal]
    --interval(-i): string    # Time between two PINGs (bare numbers are seconds); 0 is back to back
    --deadline(-w): string    # Stop after this long, whatever came back [default: until a signal]
    --timeout(-W): string     # A PING without a reply after this long has failed
    --payload: string         # Bytes that travel with each PING beside its nonce (64k, 1m; at most 16m)
    --timestamps(-D)          # Print the time before each line, in seconds since 1970 as ping -D does
    --uri(-u): string         # Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password; safer in the environment [env: REDISCLI_AUTH, VALKEYCLI_AUTH] or with --askpass
    --user: string            # ACL user [default: the server's default user]
    --askpass                 # Ask for the password on the terminal (or read one line of stdin when that is no terminal)
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Name of the connections under test in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor ping protocol" # Protocol; auto falls back to RESP2 with a second connection for subscriptions [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port instead of a real one; nothing needs to be installed
    --fault: string           # Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; 'redis-doctor proxy --help' lists the kinds)
    --incident: string        # The same with the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)
    --policy: string@"nu-complete redis-doctor ping policy" # Preset that the flags below override: hardened is recommended, library is what redis-rs does by default, elasticache is as published for the reset incident, bare never reconnects
    --retries: string         # Retries after the first attempt of a reconnect: a number, or unlimited [hardened: unlimited]
    --min-delay: string       # First delay between attempts, before jitter [hardened: 100ms]
    --spread: string          # Each connection adds a random part of this to its first delay, as each process of a fleet should; the delays after it grow with it [default: 0s]
    --max-delay: string       # Largest delay between attempts, before jitter [hardened: 5s]
    --backoff-base: string    # Factor from one delay to the next, from 1 [hardened: 2]
    --connect-timeout: string # Limit of one connection attempt: name look-up, TCP, TLS and HELLO together [hardened: 5s]
    --response-timeout: string # Limit of the client library for a reply [hardened: 2s]
    --keepalive: string       # TCP keepalive: idle seconds / interval / probes, or off [hardened: 10/5/3]
    --user-timeout: string    # TCP_USER_TIMEOUT: unacknowledged data older than this ends the connection, or off [hardened: 25s]
    --nodelay: string         # Send small writes at once (TCP_NODELAY) [hardened: on]
    --watchdog: string        # A PING each TIME; after N unanswered ones the connection is replaced, or off [hardened: 1sx2]
    --no-resubscribe          # Do not subscribe again after a reconnect
    --output(-o): path        # Write the report to this file
    --quiet(-q)               # Only the report, without lines or progress while the run goes on
    --color: string@"nu-complete redis-doctor ping color" # Colour; auto is on a terminal, unless NO_COLOR is set
    --journal: path           # Append every event to this file as NDJSON, for `redis-doctor report`
    --fail-on: string         # Critical (exit 2) when this holds: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)
    --warn-on: string         # Degraded (exit 1) when this holds (repeatable)
    --exit-zero               # Exit 0 also when the verdict is degraded or critical
    --no-evidence             # Do not gather evidence about outages: no INFO, CONFIG GET and CLIENT LIST on a short-lived connection beside the one under test, soon after the start, each minute, after an outage and at the end, and no look at the kernel's socket table
    --seed: string            # Seed of all randomness of the run [default: another one each time; it is in the report]
    --format: string@"nu-complete redis-doctor ping format" # Form of the report
    --help                    # Print help (also a lone -h at the end)
  ]

  def "nu-complete redis-doctor subscribe format" [] {
    [ "text" "ndjson" "raw" ]
  }

  def "nu-complete redis-doctor subscribe report_format" [] {
    [ "text" "json" "ndjson" "csv" "openmetrics" "nagios" ]
  }

  def "nu-complete redis-doctor subscribe protocol" [] {
    [ "resp3" "resp2" "auto" ]
  }

  def "nu-complete redis-doctor subscribe policy" [] {
    [ "hardened" "library" "elasticache" "bare" ]
  }

  def "nu-complete redis-doctor subscribe color" [] {
    [ "auto" "always" "never" ]
  }

  # Tail channels over one connection, with every drop and resubscription, and optionally verify delivery
  export extern "redis-doctor subscribe" [
    --pattern: string         # Pattern of channels, as PSUBSCRIBE takes it (repeatable)
    --shard: string           # Shard channel, as SSUBSCRIBE takes it (repeatable)
    --count(-c): string       # Stop after this many messages [default: until a signal]
    --duration(-d): string    # Stop after this long (bare numbers are seconds) [default: until a signal]
    --expect-every: string    # Alarm when no message came for this long
    --verify                  # Publish numbered messages to each CHANNEL from a second connection and account for every one; other subscribers see them, too
    --rate: string            # Pace of --verify: 10, 10/s, 600/m [default: 10/s]
    --timestamps(-D)          # Print the time (UTC) before each line
    --format: string@"nu-complete redis-doctor subscribe format" # Form of the messages on stdout; raw is the bytes and a line end
    --report-format: string@"nu-complete redis-doctor subscribe report_format" # Form of the report in --output FILE; without that, a summary goes to stderr [default: text]
    --uri(-u): string         # Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password; safer in the environment [env: REDISCLI_AUTH, VALKEYCLI_AUTH] or with --askpass
    --user: string            # ACL user [default: the server's default user]
    --askpass                 # Ask for the password on the terminal (or read one line of stdin when that is no terminal)
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Name of the connections under test in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor subscribe protocol" # Protocol; auto falls back to RESP2 with a second connection for subscriptions [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port instead of a real one; nothing needs to be installed
    --fault: string           # Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; 'redis-doctor proxy --help' lists the kinds)
    --incident: string        # The same with the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)
    --policy: string@"nu-complete redis-doctor subscribe policy" # Preset that the flags below override: hardened is recommended, library is what redis-rs does by default, elasticache is as published for the reset incident, bare never reconnects
    --retries: string         # Retries after the first attempt of a reconnect: a number, or unlimited [hardened: unlimited]
    --min-delay: string       # First delay between attempts, before jitter [hardened: 100ms]
    --spread: string          # Each connection adds a random part of this to its first delay, as each process of a fleet should; the delays after it grow with it [default: 0s]
    --max-delay: string       # Largest delay between attempts, before jitter [hardened: 5s]
    --backoff-base: string    # Factor from one delay to the next, from 1 [hardened: 2]
    --connect-timeout: string # Limit of one connection attempt: name look-up, TCP, TLS and HELLO together [hardened: 5s]
    --response-timeout: string # Limit of the client library for a reply [hardened: 2s]
    --keepalive: string       # TCP keepalive: idle seconds / interval / probes, or off [hardened: 10/5/3]
    --user-timeout: string    # TCP_USER_TIMEOUT: unacknowledged data older than this ends the connection, or off [hardened: 25s]
    --nodelay: string         # Send small writes at once (TCP_NODELAY) [hardened: on]
    --watchdog: string        # A PING each TIME; after N unanswered ones the connection is replaced, or off [hardened: 1sx2]
    --no-resubscribe          # Do not subscribe again after a reconnect
    --output(-o): path        # Write the report to this file
    --quiet(-q)               # Only the report, without lines or progress while the run goes on
    --color: string@"nu-complete redis-doctor subscribe color" # Colour; auto is on a terminal, unless NO_COLOR is set
    --journal: path           # Append every event to this file as NDJSON, for `redis-doctor report`
    --fail-on: string         # Critical (exit 2) when this holds: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)
    --warn-on: string         # Degraded (exit 1) when this holds (repeatable)
    --exit-zero               # Exit 0 also when the verdict is degraded or critical
    --no-evidence             # Do not gather evidence about outages: no INFO, CONFIG GET and CLIENT LIST on a short-lived connection beside the one under test, soon after the start, each minute, after an outage and at the end, and no look at the kernel's socket table
    --seed: string            # Seed of all randomness of the run [default: another one each time; it is in the report]
    --help                    # Print help (also a lone -h at the end)
    ...channels: string       # Channels (any bytes)
  ]

  def "nu-complete redis-doctor soak workload" [] {
    [ "ping" "pubsub" "kv" "mixed" ]
  }

  def "nu-complete redis-doctor soak protocol" [] {
    [ "resp3" "resp2" "auto" ]
  }

  def "nu-complete redis-doctor soak policy" [] {
    [ "hardened" "library" "elasticache" "bare" ]
  }

  def "nu-complete redis-doctor soak color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete redis-doctor soak format" [] {
    [ "text" "json" "ndjson" "csv" "openmetrics" "nagios" ]
  }

  # Hold connections for minutes or weeks with probes and a verified pub/sub stream, and report every outage
  export extern "redis-doctor soak" [
    --duration(-d): string    # Stop after this long (bare numbers are seconds) [default: until a signal]
    --rate: string            # Probes per connection: 10, 10/s, 600/m; 0 is as fast as they go [default: 10/s]
    --workload: string@"nu-complete redis-doctor soak workload" # What to do, comma-separated; mixed is all three
    --connections: string     # Connections under test, 1 to 10000
    --concurrency: string     # Probes in flight at once on each connection, 1 to 10000 [default: 1]
    --payload: string         # Bytes that travel with each probe beside its nonce (64k, 1m; at most 16m) [default: 0]
    --timeout(-W): string     # A probe without a reply after this long has failed [default: 2s]
    --verify-rate: string     # Numbered messages per connection: 10, 10/s, 600/m [default: 10/s]
    --channels: string        # Channels subscribed on each connection, 1 to 10000; the numbered messages go to the first [default: 1]
    --stop-on-critical        # Stop at the first state the connection cannot leave by itself, instead of going on with a fresh one
    --uri(-u): string         # Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password; safer in the environment [env: REDISCLI_AUTH, VALKEYCLI_AUTH] or with --askpass
    --user: string            # ACL user [default: the server's default user]
    --askpass                 # Ask for the password on the terminal (or read one line of stdin when that is no terminal)
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Name of the connections under test in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor soak protocol" # Protocol; auto falls back to RESP2 with a second connection for subscriptions [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port instead of a real one; nothing needs to be installed
    --fault: string           # Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; 'redis-doctor proxy --help' lists the kinds)
    --incident: string        # The same with the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)
    --policy: string@"nu-complete redis-doctor soak policy" # Preset that the flags below override: hardened is recommended, library is what redis-rs does by default, elasticache is as published for the reset incident, bare never reconnects
    --retries: string         # Retries after the first attempt of a reconnect: a number, or unlimited [hardened: unlimited]
    --min-delay: string       # First delay between attempts, before jitter [hardened: 100ms]
    --spread: string          # Each connection adds a random part of this to its first delay, as each process of a fleet should; the delays after it grow with it [default: 0s]
    --max-delay: string       # Largest delay between attempts, before jitter [hardened: 5s]
    --backoff-base: string    # Factor from one delay to the next, from 1 [hardened: 2]
    --connect-timeout: string # Limit of one connection attempt: name look-up, TCP, TLS and HELLO together [hardened: 5s]
    --response-timeout: string # Limit of the client library for a reply [hardened: 2s]
    --keepalive: string       # TCP keepalive: idle seconds / interval / probes, or off [hardened: 10/5/3]
    --user-timeout: string    # TCP_USER_TIMEOUT: unacknowledged data older than this ends the connection, or off [hardened: 25s]
    --nodelay: string         # Send small writes at once (TCP_NODELAY) [hardened: on]
    --watchdog: string        # A PING each TIME; after N unanswered ones the connection is replaced, or off [hardened: 1sx2]
    --no-resubscribe          # Do not subscribe again after a reconnect
    --output(-o): path        # Write the report to this file
    --quiet(-q)               # Only the report, without lines or progress while the run goes on
    --color: string@"nu-complete redis-doctor soak color" # Colour; auto is on a terminal, unless NO_COLOR is set
    --journal: path           # Append every event to this file as NDJSON, for `redis-doctor report`
    --fail-on: string         # Critical (exit 2) when this holds: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)
    --warn-on: string         # Degraded (exit 1) when this holds (repeatable)
    --exit-zero               # Exit 0 also when the verdict is degraded or critical
    --no-evidence             # Do not gather evidence about outages: no INFO, CONFIG GET and CLIENT LIST on a short-lived connection beside the one under test, soon after the start, each minute, after an outage and at the end, and no look at the kernel's socket table
    --seed: string            # Seed of all randomness of the run [default: another one each time; it is in the report]
    --format: string@"nu-complete redis-doctor soak format" # Form of the report
    --help                    # Print help (also a lone -h at the end)
  ]

  def "nu-complete redis-doctor proxy format" [] {
    [ "text" "ndjson" ]
  }

  # Listen in front of a server and break connections on purpose, for your own application in any language
  export extern "redis-doctor proxy" [
    --listen: string          # Address to listen on, or a port of 127.0.0.1; port 0 takes a free one
    --uri(-u): string         # Server behind it as a URL [env: REDIS_URL, VALKEY_URL] [default: redis://127.0.0.1:6379]
    --sandbox                 # Put the embedded server behind it
    --allow-remote            # Listen also where other machines can connect: they reach the server, and can break its connections
    --format: string@"nu-complete redis-doctor proxy format" # Form of the events: text on stderr, or ndjson on stdout
    --seed: string            # Seed of all randomness [default: another one each time]
    --fault: string           # Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; 'redis-doctor proxy --help' lists the kinds)
    --incident: string        # The same with the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)
    --help                    # Print help (also a lone -h at the end)
  ]

  def "nu-complete redis-doctor drill policy" [] {
    [ "hardened" "library" "elasticache" "bare" ]
  }

  def "nu-complete redis-doctor drill must_survive" [] {
    [ "hardened" "library" "elasticache" "bare" ]
  }

  def "nu-complete redis-doctor drill format" [] {
    [ "text" "json" "csv" "markdown" ]
  }

  def "nu-complete redis-doctor drill protocol" [] {
    [ "resp3" "resp2" "auto" ]
  }

  # Put each reconnect policy through each fault, and show which client survives what
  export extern "redis-doctor drill" [
    --all                     # Every case there is; the default when neither --case nor --fault nor --incident is given
    --case: string            # Cases by name, comma-separated (the names are below)
    --policy: string@"nu-complete redis-doctor drill policy" # Policies to put through it, comma-separated
    --must-survive: string@"nu-complete redis-doctor drill must_survive" # Exit 2 unless these policies survive every case, comma-separated
    --format: string@"nu-complete redis-doctor drill format" # Form of the results
    --output(-o): path        # Write the results to this file
    --quiet(-q)               # No progress
    --seed: string            # Seed of all randomness [default: another one each time]
    --fault: string           # Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; 'redis-doctor proxy --help' lists the kinds)
    --incident: string        # The same with the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)
    --uri(-u): string         # Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password; safer in the environment [env: REDISCLI_AUTH, VALKEYCLI_AUTH] or with --askpass
    --user: string            # ACL user [default: the server's default user]
    --askpass                 # Ask for the password on the terminal (or read one line of stdin when that is no terminal)
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Name of the connections under test in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor drill protocol" # Protocol; auto falls back to RESP2 with a second connection for subscriptions [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port instead of a real one; nothing needs to be installed
    --help                    # Print help (also a lone -h at the end)
  ]

  def "nu-complete redis-doctor idle profile" [] {
    [ "aws" "azure" "gcp" ]
  }

  def "nu-complete redis-doctor idle format" [] {
    [ "text" "json" "ndjson" "nagios" ]
  }

  def "nu-complete redis-doctor idle protocol" [] {
    [ "resp3" "resp2" "auto" ]
  }

  # Find out after how much silence something on the path, or the server, gives a connection up
  export extern "redis-doctor idle" [
    --max: string             # Longest limit to look for [default: 20m, or the profile's longest, or --must-survive]
    --steps: string           # Connections at once, each with a silence of its own, 1 to 10000; or the silences of the first round: 30s,1m,5m
    --profile: string@"nu-complete redis-doctor idle profile" # Look closely at the limits that are common in this cloud
    --resolution: string      # Go on until the limit is known this well [default: one part in fifty, but not below 100ms]
    --timeout(-W): string     # A PING after a silence is lost when it is not answered after this long
    --must-survive: string    # Critical (exit 2) when a connection does not survive this much silence; a longer limit is in order
    --format: string@"nu-complete redis-doctor idle format" # Form of the result
    --output(-o): path        # Write the result to this file
    --quiet(-q)               # Only the result
    --seed: string            # Seed of all randomness of the faults [default: another one each time]
    --fault: string           # Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; 'redis-doctor proxy --help' lists the kinds)
    --incident: string        # The same with the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)
    --uri(-u): string         # Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password; safer in the environment [env: REDISCLI_AUTH, VALKEYCLI_AUTH] or with --askpass
    --user: string            # ACL user [default: the server's default user]
    --askpass                 # Ask for the password on the terminal (or read one line of stdin when that is no terminal)
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Name of the connections under test in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor idle protocol" # Protocol; auto falls back to RESP2 with a second connection for subscriptions [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port instead of a real one; nothing needs to be installed
    --help                    # Print help (also a lone -h at the end)
  ]

  def "nu-complete redis-doctor wait wanted" [] {
    [ "ready" "primary" "replica" ]
  }

  def "nu-complete redis-doctor wait protocol" [] {
    [ "resp3" "resp2" "auto" ]
  }

  # Wait until a server is ready, or a primary, or a replica: for scripts and containers
  export extern "redis-doctor wait" [
    --for: string@"nu-complete redis-doctor wait wanted" # What to wait for
    --timeout(-W): string     # Give up after this long
    --interval(-i): string    # Between the beginnings of two looks
    --fail-fast               # End at once when waiting does not usually help: wrong password, missing permission, refused certificate
    --quiet(-q)               # Nothing but the last obstacle, when the time is up
    --uri(-u): string         # Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password; safer in the environment [env: REDISCLI_AUTH, VALKEYCLI_AUTH] or with --askpass
    --user: string            # ACL user [default: the server's default user]
    --askpass                 # Ask for the password on the terminal (or read one line of stdin when that is no terminal)
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Name of the connections under test in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor wait protocol" # Protocol; auto falls back to RESP2 with a second connection for subscriptions [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port instead of a real one; nothing needs to be installed
    --help                    # Print help (also a lone -h at the end)
  ]

  def "nu-complete redis-doctor report format" [] {
    [ "text" "json" "ndjson" "csv" "openmetrics" "nagios" ]
  }

  def "nu-complete redis-doctor report color" [] {
    [ "auto" "always" "never" ]
  }

  # Make a report again from journals, also from one cut off by a crash
  export extern "redis-doctor report" [
    --format: string@"nu-complete redis-doctor report format" # Form of the report
    --output(-o): path        # Write the report to this file
    --quiet(-q)               # Only the report, without lines or progress while the run goes on
    --color: string@"nu-complete redis-doctor report color" # Colour; auto is on a terminal, unless NO_COLOR is set
    --fail-on: string         # Critical (exit 2) when this holds: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)
    --warn-on: string         # Degraded (exit 1) when this holds (repeatable)
    --exit-zero               # Exit 0 also when the verdict is degraded or critical
    --help                    # Print help (also a lone -h at the end)
    ...files: path            # Journals, or the saved stdout of --format ndjson, - for stdin; several are merged
  ]

  def "nu-complete redis-doctor explain format" [] {
    [ "text" "json" ]
  }

  def "nu-complete redis-doctor explain color" [] {
    [ "auto" "always" "never" ]
  }

  # Say what an error, a cause, a state or a finding means, how to tell, and what to do (offline)
  export extern "redis-doctor explain" [
    --list                    # List everything there is
    --format: string@"nu-complete redis-doctor explain format" # Form of the explanation
    --color: string@"nu-complete redis-doctor explain color" # Colour; auto is on a terminal, unless NO_COLOR is set
    --help                    # Print help (also a lone -h at the end)
    ...words: string          # A code (RD012), an errno (104, ECONNRESET), a name from a report, or any words, also a whole line of a log
  ]

  def "nu-complete redis-doctor completions shell" [] {
    [ "bash" "elvish" "fish" "nushell" "powershell" "zsh" ]
  }

  # Print a completion script for a shell
  export extern "redis-doctor completions" [
    --help                    # Print help (also a lone -h at the end)
    shell: string@"nu-complete redis-doctor completions shell" # Shell
  ]

  # Print the manual page (roff)
  export extern "redis-doctor man" [
    --help                    # Print help (also a lone -h at the end)
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "redis-doctor help" [
  ]

  # Look once at server, path and this machine, in a few seconds; also what redis-doctor does without a command
  export extern "redis-doctor help check" [
  ]

  # Send PINGs over one connection, a line per reply, and sum up as ping(8) does
  export extern "redis-doctor help ping" [
  ]

  # Tail channels over one connection, with every drop and resubscription, and optionally verify delivery
  export extern "redis-doctor help subscribe" [
  ]

  # Hold connections for minutes or weeks with probes and a verified pub/sub stream, and report every outage
  export extern "redis-doctor help soak" [
  ]

  # Listen in front of a server and break connections on purpose, for your own application in any language
  export extern "redis-doctor help proxy" [
  ]

  # Put each reconnect policy through each fault, and show which client survives what
  export extern "redis-doctor help drill" [
  ]

  # Find out after how much silence something on the path, or the server, gives a connection up
  export extern "redis-doctor help idle" [
  ]

  # Wait until a server is ready, or a primary, or a replica: for scripts and containers
  export extern "redis-doctor help wait" [
  ]

  # Make a report again from journals, also from one cut off by a crash
  export extern "redis-doctor help report" [
  ]

  # Say what an error, a cause, a state or a finding means, how to tell, and what to do (offline)
  export extern "redis-doctor help explain" [
  ]

  # Print a completion script for a shell
  export extern "redis-doctor help completions" [
  ]

  # Print the manual page (roff)
  export extern "redis-doctor help man" [
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "redis-doctor help help" [
  ]

}

export use completions *
