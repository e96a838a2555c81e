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

  # Check the server, the path and this machine once, in a few seconds (the default command)
  export extern "redis-doctor check" [
    --timeout(-t): string     # Stop after this long and report what is known so far [default: 9s]
    --warning(-w): string     # Warn if the PING time in milliseconds is outside this range: 10, 5:10, @10:20
    --critical(-c): string    # Exit 2 (critical) if the PING time in milliseconds is outside this range
    --exit-zero               # Always exit 0
    --format: string@"nu-complete redis-doctor check format" # Form of the result
    --output(-o): path        # Write the result to this file
    --quiet(-q)               # Print only problems
    --color: string@"nu-complete redis-doctor check color" # Use color; auto means on a terminal, unless NO_COLOR is set
    --uri(-u): string         # Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password; safer in the environment or with --askpass [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    --user: string            # ACL user [default: the server's default user]
    --askpass                 # Prompt for the password, or read one line of stdin if it is not a terminal
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Client name of the connections under test, as in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor check protocol" # Protocol; auto falls back to RESP2, with a second connection for subscriptions [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port; nothing needs to be installed
    --policy: string@"nu-complete redis-doctor check policy" # Preset that the flags below override: hardened is recommended, library is the redis-rs default, elasticache is the published fix for the reset incident, bare never reconnects
    --retries: string         # Retries after the first attempt of a reconnect: a number, or unlimited [hardened: unlimited]
    --min-delay: string       # First delay between attempts, before jitter [hardened: 100ms]
    --spread: string          # Add a random part of this to the first delay of each connection, so that a fleet does not reconnect in step; later delays grow from there [default: 0s]
    --max-delay: string       # Largest delay between attempts, before jitter [hardened: 5s]
    --backoff-base: string    # Factor from one delay to the next, from 1 [hardened: 2]
    --connect-timeout: string # Timeout of one connection attempt: DNS, TCP, TLS and HELLO together [hardened: 5s]
    --response-timeout: string # Client-library response timeout [hardened: 2s]
    --keepalive: string       # TCP keepalive: idle seconds / interval / probes, or off [hardened: 10/5/3]
    --user-timeout: string    # TCP_USER_TIMEOUT: close the connection when sent data stays unacknowledged for this long, or off [hardened: 25s]
    --nodelay: string         # Send small writes immediately (TCP_NODELAY) [hardened: on]
    --watchdog: string        # Send a PING every TIME and reconnect after N go unanswered, or off [hardened: 1sx2]
    --no-resubscribe          # Do not resubscribe after a reconnect
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

  # Send PINGs over one connection and print a line per reply, like ping(8)
  export extern "redis-doctor ping" [
    --count(-c): string       # Stop after this many PINGs [default: until a signal]
    -r: string                # Stop after this many PINGs [default: until a signal]
    --interval(-i): string    # Time between PINGs (bare numbers are seconds); 0 = back to back
    --deadline(-w): string    # Stop after this long, even without replies [default: until a signal]
    --timeout(-W): string     # Count a PING as failed after this long without a reply
    --payload: string         # Extra bytes in each PING (64k, 1m; at most 16m)
    --timestamps(-D)          # Print a Unix timestamp before each line, like ping -D
    --uri(-u): string         # Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password; safer in the environment or with --askpass [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    --user: string            # ACL user [default: the server's default user]
    --askpass                 # Prompt for the password, or read one line of stdin if it is not a terminal
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Client name of the connections under test, as in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor ping protocol" # Protocol; auto falls back to RESP2, with a second connection for subscriptions [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port; nothing needs to be installed
    --fault: string           # Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; 'redis-doctor proxy --help' lists the kinds)
    --incident: string        # Replay the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)
    --policy: string@"nu-complete redis-doctor ping policy" # Preset that the flags below override: hardened is recommended, library is the redis-rs default, elasticache is the published fix for the reset incident, bare never reconnects
    --retries: string         # Retries after the first attempt of a reconnect: a number, or unlimited [hardened: unlimited]
    --min-delay: string       # First delay between attempts, before jitter [hardened: 100ms]
    --spread: string          # Add a random part of this to the first delay of each connection, so that a fleet does not reconnect in step; later delays grow from there [default: 0s]
    --max-delay: string       # Largest delay between attempts, before jitter [hardened: 5s]
    --backoff-base: string    # Factor from one delay to the next, from 1 [hardened: 2]
    --connect-timeout: string # Timeout of one connection attempt: DNS, TCP, TLS and HELLO together [hardened: 5s]
    --response-timeout: string # Client-library response timeout [hardened: 2s]
    --keepalive: string       # TCP keepalive: idle seconds / interval / probes, or off [hardened: 10/5/3]
    --user-timeout: string    # TCP_USER_TIMEOUT: close the connection when sent data stays unacknowledged for this long, or off [hardened: 25s]
    --nodelay: string         # Send small writes immediately (TCP_NODELAY) [hardened: on]
    --watchdog: string        # Send a PING every TIME and reconnect after N go unanswered, or off [hardened: 1sx2]
    --no-resubscribe          # Do not resubscribe after a reconnect
    --output(-o): path        # Write the report to this file
    --quiet(-q)               # Print only the report, without event lines or progress
    --color: string@"nu-complete redis-doctor ping color" # Use color; auto means on a terminal, unless NO_COLOR is set
    --journal: path           # Append every event to this file as NDJSON, to replay with redis-doctor report
    --fail-on: string         # Exit 2 (critical) if this holds: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)
    --warn-on: string         # Exit 1 (degraded) if this holds (repeatable)
    --exit-zero               # Always exit 0
    --no-evidence             # Gather no evidence about outages: send no INFO, CONFIG GET or CLIENT LIST on separate short-lived connections, and do not read the kernel's socket table
    --seed: string            # Seed for all randomness [default: random; shown in the report]
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

  # Tail channels over one connection, show every drop and resubscription, and optionally verify delivery
  export extern "redis-doctor subscribe" [
    --pattern: string         # Subscribe to a pattern, as PSUBSCRIBE does (repeatable)
    --shard: string           # Subscribe to a shard channel, as SSUBSCRIBE does (repeatable)
    --count(-c): string       # Stop after this many messages [default: until a signal]
    --duration(-d): string    # Stop after this long (bare numbers are seconds) [default: until a signal]
    --expect-every: string    # Report a gap if no message arrives for this long
    --verify                  # Publish numbered messages to each CHANNEL from a second connection and account for each; other subscribers see them too
    --rate: string            # Publish rate of --verify: 10, 10/s, 600/m [default: 10/s]
    --timestamps(-D)          # Print the UTC time before each line
    --format: string@"nu-complete redis-doctor subscribe format" # Form of the messages on stdout; raw is the bytes and a line end
    --report-format: string@"nu-complete redis-doctor subscribe report_format" # Form of the report in --output FILE; without that, a summary goes to stderr [default: text]
    --uri(-u): string         # Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password; safer in the environment or with --askpass [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    --user: string            # ACL user [default: the server's default user]
    --askpass                 # Prompt for the password, or read one line of stdin if it is not a terminal
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Client name of the connections under test, as in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor subscribe protocol" # Protocol; auto falls back to RESP2, with a second connection for subscriptions [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port; nothing needs to be installed
    --fault: string           # Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; 'redis-doctor proxy --help' lists the kinds)
    --incident: string        # Replay the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)
    --policy: string@"nu-complete redis-doctor subscribe policy" # Preset that the flags below override: hardened is recommended, library is the redis-rs default, elasticache is the published fix for the reset incident, bare never reconnects
    --retries: string         # Retries after the first attempt of a reconnect: a number, or unlimited [hardened: unlimited]
    --min-delay: string       # First delay between attempts, before jitter [hardened: 100ms]
    --spread: string          # Add a random part of this to the first delay of each connection, so that a fleet does not reconnect in step; later delays grow from there [default: 0s]
    --max-delay: string       # Largest delay between attempts, before jitter [hardened: 5s]
    --backoff-base: string    # Factor from one delay to the next, from 1 [hardened: 2]
    --connect-timeout: string # Timeout of one connection attempt: DNS, TCP, TLS and HELLO together [hardened: 5s]
    --response-timeout: string # Client-library response timeout [hardened: 2s]
    --keepalive: string       # TCP keepalive: idle seconds / interval / probes, or off [hardened: 10/5/3]
    --user-timeout: string    # TCP_USER_TIMEOUT: close the connection when sent data stays unacknowledged for this long, or off [hardened: 25s]
    --nodelay: string         # Send small writes immediately (TCP_NODELAY) [hardened: on]
    --watchdog: string        # Send a PING every TIME and reconnect after N go unanswered, or off [hardened: 1sx2]
    --no-resubscribe          # Do not resubscribe after a reconnect
    --output(-o): path        # Write the report to this file
    --quiet(-q)               # Print only the report, without event lines or progress
    --color: string@"nu-complete redis-doctor subscribe color" # Use color; auto means on a terminal, unless NO_COLOR is set
    --journal: path           # Append every event to this file as NDJSON, to replay with redis-doctor report
    --fail-on: string         # Exit 2 (critical) if this holds: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)
    --warn-on: string         # Exit 1 (degraded) if this holds (repeatable)
    --exit-zero               # Always exit 0
    --no-evidence             # Gather no evidence about outages: send no INFO, CONFIG GET or CLIENT LIST on separate short-lived connections, and do not read the kernel's socket table
    --seed: string            # Seed for all randomness [default: random; shown in the report]
    --help                    # Print help (also a lone -h at the end)
    ...channels: string       # Channels to subscribe to (any bytes)
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

  # Hold connections open for minutes or weeks under a verified workload, and report every outage
  export extern "redis-doctor soak" [
    --duration(-d): string    # Stop after this long (bare numbers are seconds) [default: until a signal]
    --rate: string            # Probe rate of each connection: 10, 10/s, 600/m; 0 = unlimited [default: 10/s]
    --workload: string@"nu-complete redis-doctor soak workload" # Workload, comma-separated; mixed is all three
    --connections: string     # Number of connections under test, 1 to 10000
    --concurrency: string     # Probes in flight at the same time on each connection, 1 to 10000 [default: 1]
    --payload: string         # Extra bytes in each probe (64k, 1m; at most 16m) [default: 0]
    --timeout(-W): string     # Count a probe as failed after this long without a reply [default: 2s]
    --verify-rate: string     # Rate of numbered messages of each connection: 10, 10/s, 600/m [default: 10/s]
    --channels: string        # Channels that each connection subscribes to, 1 to 10000; numbered messages go to the first [default: 1]
    --stop-on-critical        # Stop when a connection cannot recover on its own, instead of continuing with a fresh one
    --uri(-u): string         # Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password; safer in the environment or with --askpass [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    --user: string            # ACL user [default: the server's default user]
    --askpass                 # Prompt for the password, or read one line of stdin if it is not a terminal
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Client name of the connections under test, as in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor soak protocol" # Protocol; auto falls back to RESP2, with a second connection for subscriptions [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port; nothing needs to be installed
    --fault: string           # Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; 'redis-doctor proxy --help' lists the kinds)
    --incident: string        # Replay the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)
    --policy: string@"nu-complete redis-doctor soak policy" # Preset that the flags below override: hardened is recommended, library is the redis-rs default, elasticache is the published fix for the reset incident, bare never reconnects
    --retries: string         # Retries after the first attempt of a reconnect: a number, or unlimited [hardened: unlimited]
    --min-delay: string       # First delay between attempts, before jitter [hardened: 100ms]
    --spread: string          # Add a random part of this to the first delay of each connection, so that a fleet does not reconnect in step; later delays grow from there [default: 0s]
    --max-delay: string       # Largest delay between attempts, before jitter [hardened: 5s]
    --backoff-base: string    # Factor from one delay to the next, from 1 [hardened: 2]
    --connect-timeout: string # Timeout of one connection attempt: DNS, TCP, TLS and HELLO together [hardened: 5s]
    --response-timeout: string # Client-library response timeout [hardened: 2s]
    --keepalive: string       # TCP keepalive: idle seconds / interval / probes, or off [hardened: 10/5/3]
    --user-timeout: string    # TCP_USER_TIMEOUT: close the connection when sent data stays unacknowledged for this long, or off [hardened: 25s]
    --nodelay: string         # Send small writes immediately (TCP_NODELAY) [hardened: on]
    --watchdog: string        # Send a PING every TIME and reconnect after N go unanswered, or off [hardened: 1sx2]
    --no-resubscribe          # Do not resubscribe after a reconnect
    --output(-o): path        # Write the report to this file
    --quiet(-q)               # Print only the report, without event lines or progress
    --color: string@"nu-complete redis-doctor soak color" # Use color; auto means on a terminal, unless NO_COLOR is set
    --journal: path           # Append every event to this file as NDJSON, to replay with redis-doctor report
    --fail-on: string         # Exit 2 (critical) if this holds: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)
    --warn-on: string         # Exit 1 (degraded) if this holds (repeatable)
    --exit-zero               # Always exit 0
    --no-evidence             # Gather no evidence about outages: send no INFO, CONFIG GET or CLIENT LIST on separate short-lived connections, and do not read the kernel's socket table
    --seed: string            # Seed for all randomness [default: random; shown in the report]
    --format: string@"nu-complete redis-doctor soak format" # Form of the report
    --help                    # Print help (also a lone -h at the end)
  ]

  def "nu-complete redis-doctor proxy format" [] {
    [ "text" "ndjson" ]
  }

  # Run a fault proxy in front of a server, to test your own application in any language
  export extern "redis-doctor proxy" [
    --listen: string          # Address to listen on, or a port on 127.0.0.1; port 0 picks a free one
    --uri(-u): string         # Server behind the proxy, as a URL [env: REDIS_URL, VALKEY_URL] [default: redis://127.0.0.1:6379]
    --sandbox                 # Put the embedded server behind the proxy
    --allow-remote            # Allow other machines to connect, to reach the server and to break its connections
    --format: string@"nu-complete redis-doctor proxy format" # Form of the events: text on stderr, or ndjson on stdout
    --seed: string            # Seed for all randomness [default: random]
    --fault: string           # Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; 'redis-doctor proxy --help' lists the kinds)
    --incident: string        # Replay the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)
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

  # Run each reconnect policy through each fault, and show which client survives what
  export extern "redis-doctor drill" [
    --all                     # Run every case (the default without --case, --fault and --incident)
    --case: string            # Cases to run, comma-separated (listed below)
    --policy: string@"nu-complete redis-doctor drill policy" # Policies to test, comma-separated
    --must-survive: string@"nu-complete redis-doctor drill must_survive" # Exit 2 unless these policies survive every case, comma-separated
    --format: string@"nu-complete redis-doctor drill format" # Form of the results
    --output(-o): path        # Write the results to this file
    --quiet(-q)               # Print no progress
    --seed: string            # Seed for all randomness [default: random]
    --fault: string           # Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; 'redis-doctor proxy --help' lists the kinds)
    --incident: string        # Replay the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)
    --uri(-u): string         # Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password; safer in the environment or with --askpass [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    --user: string            # ACL user [default: the server's default user]
    --askpass                 # Prompt for the password, or read one line of stdin if it is not a terminal
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Client name of the connections under test, as in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor drill protocol" # Protocol; auto falls back to RESP2, with a second connection for subscriptions [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port; nothing needs to be installed
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

  # Find the idle timeout of the path or server
  export extern "redis-doctor idle" [
    --max: string             # Longest limit to look for [default: 20m, or the profile's longest, or --must-survive]
    --steps: string           # Number of parallel connections, each with its own silence, 1 to 10000; or the silences to try first: 30s,1m,5m
    --profile: string@"nu-complete redis-doctor idle profile" # Search closely around the limits that are common in this cloud
    --resolution: string      # Stop when the limit is known this precisely [default: 2 % of it, at least 100ms]
    --timeout(-W): string     # Count the PING after a silence as lost after this long without a reply
    --must-survive: string    # Exit 2 (critical) unless connections survive this much silence; a longer limit is fine
    --format: string@"nu-complete redis-doctor idle format" # Form of the result
    --output(-o): path        # Write the result to this file
    --quiet(-q)               # Print only the result
    --seed: string            # Seed for all randomness of the faults [default: random]
    --fault: string           # Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s, latency=50ms~10ms@every:60s+10s (repeatable; 'redis-doctor proxy --help' lists the kinds)
    --incident: string        # Replay the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation or slow-resubscribe (repeatable)
    --uri(-u): string         # Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password; safer in the environment or with --askpass [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    --user: string            # ACL user [default: the server's default user]
    --askpass                 # Prompt for the password, or read one line of stdin if it is not a terminal
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Client name of the connections under test, as in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor idle protocol" # Protocol; auto falls back to RESP2, with a second connection for subscriptions [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port; nothing needs to be installed
    --help                    # Print help (also a lone -h at the end)
  ]

  def "nu-complete redis-doctor wait wanted" [] {
    [ "ready" "primary" "replica" ]
  }

  def "nu-complete redis-doctor wait protocol" [] {
    [ "resp3" "resp2" "auto" ]
  }

  # Wait until a server is ready, a primary or a replica, for scripts and containers
  export extern "redis-doctor wait" [
    --for: string@"nu-complete redis-doctor wait wanted" # State to wait for
    --timeout(-W): string     # Give up after this long
    --interval(-i): string    # Interval between checks
    --fail-fast               # Stop immediately if waiting does not usually help: wrong password, missing permission, rejected certificate
    --quiet(-q)               # Print only the last obstacle on a timeout
    --uri(-u): string         # Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password; safer in the environment or with --askpass [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    --user: string            # ACL user [default: the server's default user]
    --askpass                 # Prompt for the password, or read one line of stdin if it is not a terminal
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Client name of the connections under test, as in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor wait protocol" # Protocol; auto falls back to RESP2, with a second connection for subscriptions [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port; nothing needs to be installed
    --help                    # Print help (also a lone -h at the end)
  ]

  def "nu-complete redis-doctor report format" [] {
    [ "text" "json" "ndjson" "csv" "openmetrics" "nagios" ]
  }

  def "nu-complete redis-doctor report color" [] {
    [ "auto" "always" "never" ]
  }

  # Rebuild a report from journals, including one cut off by a crash
  export extern "redis-doctor report" [
    --format: string@"nu-complete redis-doctor report format" # Form of the report
    --output(-o): path        # Write the report to this file
    --quiet(-q)               # Print only the report, without event lines or progress
    --color: string@"nu-complete redis-doctor report color" # Use color; auto means on a terminal, unless NO_COLOR is set
    --fail-on: string         # Exit 2 (critical) if this holds: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)
    --warn-on: string         # Exit 1 (degraded) if this holds (repeatable)
    --exit-zero               # Always exit 0
    --help                    # Print help (also a lone -h at the end)
    ...files: path            # Journals or saved --format ndjson output; - is stdin, several are merged
  ]

  def "nu-complete redis-doctor explain format" [] {
    [ "text" "json" ]
  }

  def "nu-complete redis-doctor explain color" [] {
    [ "auto" "always" "never" ]
  }

  # Explain an error, cause, state or finding: what it means, how to confirm it, what to do (offline)
  export extern "redis-doctor explain" [
    --list                    # List all entries
    --format: string@"nu-complete redis-doctor explain format" # Form of the explanation
    --color: string@"nu-complete redis-doctor explain color" # Use color; auto means on a terminal, unless NO_COLOR is set
    --help                    # Print help (also a lone -h at the end)
    ...words: string          # A code (RD012), an errno (104, ECONNRESET), a name from a report, any words, or log lines; - reads stdin
  ]

  def "nu-complete redis-doctor completions shell" [] {
    [ "bash" "elvish" "fish" "nushell" "powershell" "zsh" ]
  }

  # Print a completion script for a shell
  export extern "redis-doctor completions" [
    --help                    # Print help (also a lone -h at the end)
    shell: string@"nu-complete redis-doctor completions shell" # Shell to complete in
  ]

  # Print the manual page (roff)
  export extern "redis-doctor man" [
    --help                    # Print help (also a lone -h at the end)
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "redis-doctor help" [
  ]

  # Check the server, the path and this machine once, in a few seconds (the default command)
  export extern "redis-doctor help check" [
  ]

  # Send PINGs over one connection and print a line per reply, like ping(8)
  export extern "redis-doctor help ping" [
  ]

  # Tail channels over one connection, show every drop and resubscription, and optionally verify delivery
  export extern "redis-doctor help subscribe" [
  ]

  # Hold connections open for minutes or weeks under a verified workload, and report every outage
  export extern "redis-doctor help soak" [
  ]

  # Run a fault proxy in front of a server, to test your own application in any language
  export extern "redis-doctor help proxy" [
  ]

  # Run each reconnect policy through each fault, and show which client survives what
  export extern "redis-doctor help drill" [
  ]

  # Find the idle timeout of the path or server
  export extern "redis-doctor help idle" [
  ]

  # Wait until a server is ready, a primary or a replica, for scripts and containers
  export extern "redis-doctor help wait" [
  ]

  # Rebuild a report from journals, including one cut off by a crash
  export extern "redis-doctor help report" [
  ]

  # Explain an error, cause, state or finding: what it means, how to confirm it, what to do (offline)
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
