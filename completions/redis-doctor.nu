module completions {

  # Connection doctor for Redis and Valkey: why a connection died, whether the client recovered, and what was lost
  export extern redis-doctor [
    --help                    # Print long help (-h at the end: short help)
    --version(-V)             # Print version
  ]

  def "nu-complete redis-doctor check format" [] {
    [ "text" "json" "openmetrics" "prometheus" "nagios" ]
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

  def "nu-complete redis-doctor check resubscribe" [] {
    [ "library" "paced" ]
  }

  def "nu-complete redis-doctor check on_readonly" [] {
    [ "stay" "rebuild" ]
  }

  def "nu-complete redis-doctor check target" [] {
    ^redis-doctor completions --targets | lines
  }

  # Check server, path and this machine once (the default command)
  export extern "redis-doctor check" [
    --timeout(-t): string     # Stop after this long [default: 9s]
    --warning(-w): string     # Exit 1 (degraded) if PING takes longer, in ms
    --critical(-c): string    # Exit 2 (critical) if PING takes longer, in ms
    --tls-cert-warn: string   # Warn if the certificate expires within this time [default: 14d]
    --exit-zero               # Always exit 0
    --format: string@"nu-complete redis-doctor check format" # Result format
    --output(-o): path        # Write the result to this file, - for stdout
    --quiet(-q)               # Print only problems
    --color: string@"nu-complete redis-doctor check color" # When to use color
    --uri(-u): string         # Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]
    --targets: path           # Read servers from this file, - for stdin
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    --user: string            # ACL user [default: the server's default user]
    --pass-command: string    # Run this shell command for the password of each attempt
    --pass-file: path         # Read the password of each attempt from this file
    --askpass                 # Prompt for the password
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Client name of the connections, as in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor check protocol" # Protocol version [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port
    --spawn: path             # Start a real server on a free loopback port
    --tls                     # Encrypt the connection, as with rediss://
    --sni: string             # Name to send and to check in the certificate [default: the host]
    --cacert: path            # Trust the authorities in this file (PEM)
    --cacertdir: path         # Trust the authorities in the files of this directory
    --cert: path              # Certificate to present to the server (PEM)
    --key: path               # Private key of the certificate (PEM)
    --insecure                # Do not check the server's certificate
    --policy: string@"nu-complete redis-doctor check policy" # Preset that the flags below override
    --retries: string         # Retries of a failed reconnect, or unlimited [hardened: unlimited]
    --min-delay: string       # First delay between attempts, before jitter [hardened: 100ms]
    --spread: string          # Add up to this to the first delay, at random [default: 0s]
    --max-delay: string       # Largest delay between attempts, before jitter [hardened: 5s]
    --backoff-base: string    # Factor from one delay to the next, from 1 [hardened: 2]
    --connect-timeout: string # Timeout of a connection attempt [hardened: 5s]
    --response-timeout: string # Client-library response timeout [hardened: 2s]
    --keepalive: string       # Set TCP keepalive, or off [hardened: 10/5/3]
    --user-timeout: string    # Set TCP_USER_TIMEOUT, or off [hardened: 25s]
    --nodelay: string         # Send small writes immediately (TCP_NODELAY) [hardened: on]
    --watchdog: string        # Detect a dead connection with PINGs, or off [hardened: 1sx2]
    --no-resubscribe          # Do not resubscribe after a reconnect
    --resubscribe: string@"nu-complete redis-doctor check resubscribe" # Way to resubscribe after a reconnect [hardened: paced]
    --on-readonly: string@"nu-complete redis-doctor check on_readonly" # Reaction to READONLY from a demoted server [hardened: rebuild]
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    -H: string                # Host name or IP address [default: 127.0.0.1]
    --target: string@"nu-complete redis-doctor check target" # Server with this name in the configuration file
    --help                    # Print long help (-h at the end: short help)
    --config: path            # Configuration file [default: ~/.config/redis-doctor/config.toml]
    ...servers: string        # Servers: a URL, HOST or HOST:PORT [default: see -u]
  ]

  def "nu-complete redis-doctor ping target" [] {
    ^redis-doctor completions --targets | lines
  }

  def "nu-complete redis-doctor ping protocol" [] {
    [ "resp3" "resp2" "auto" ]
  }

  def "nu-complete redis-doctor ping faults" [] {
    [ "reset_peer" "close" "half_close" "slow_close" "blackhole" "partition" "refuse" "stall_accept" "accept_close" "accept_reset" "latency" "bandwidth" "slicer" "limit_data" "idle_drop" "error_reply" "garbage" "truncate" "http_503" "push" ]
  }

  def "nu-complete redis-doctor ping incidents" [] {
    [ "elasticache-reset" "nlb-idle" "nat-forget" "failover" "maintenance" "az-loss" "thundering-herd" "auth-rotation" "slow-resubscribe" ]
  }

  def "nu-complete redis-doctor ping policy" [] {
    [ "hardened" "library" "elasticache" "bare" ]
  }

  def "nu-complete redis-doctor ping resubscribe" [] {
    [ "library" "paced" ]
  }

  def "nu-complete redis-doctor ping on_readonly" [] {
    [ "stay" "rebuild" ]
  }

  def "nu-complete redis-doctor ping color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete redis-doctor ping fail_on" [] {
    [ "ambiguous" "attempts_failed" "availability" "bytes_in_doubt" "connections_lost" "desyncs" "duplicated" "e2e_p99" "elements_lost" "errors" "lost" "max" "mean" "outage" "p50" "p90" "p99" "p99.9" "ran_twice" "reconnect_peak" "reconnects" "reordered" "service" "timeouts" ]
  }

  def "nu-complete redis-doctor ping warn_on" [] {
    [ "ambiguous" "attempts_failed" "availability" "bytes_in_doubt" "connections_lost" "desyncs" "duplicated" "e2e_p99" "elements_lost" "errors" "lost" "max" "mean" "outage" "p50" "p90" "p99" "p99.9" "ran_twice" "reconnect_peak" "reconnects" "reordered" "service" "timeouts" ]
  }

  def "nu-complete redis-doctor ping format" [] {
    [ "text" "json" "ndjson" "csv" "openmetrics" "prometheus" "nagios" "markdown" "html" "hgrm" "hlog" ]
  }

  def "nu-complete redis-doctor ping rows" [] {
    [ "figures" "intervals" "outages" "errors" ]
  }

  # Send PINGs over one connection, one line per reply, like ping(8)
  export extern "redis-doctor ping" [
    --count(-c): string       # Stop after this many PINGs [default: until a signal]
    -r: string                # Stop after this many PINGs [default: until a signal]
    --interval(-i): string    # Time between PINGs; 0 = back to back
    --deadline(-w): string    # Stop after this long [default: until a signal]
    --timeout(-W): string     # Timeout of a PING
    --payload: string         # Extra bytes in each PING, at most 16m
    --timestamps(-D)          # Print a Unix timestamp before each line, like ping -D
    --target(-t): string@"nu-complete redis-doctor ping target" # Server with this name in the configuration file
    --uri(-u): string         # Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]
    --targets: path           # Read servers from this file, - for stdin
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    --user: string            # ACL user [default: the server's default user]
    --pass-command: string    # Run this shell command for the password of each attempt
    --pass-file: path         # Read the password of each attempt from this file
    --askpass                 # Prompt for the password
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Client name of the connections, as in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor ping protocol" # Protocol version [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port
    --spawn: path             # Start a real server on a free loopback port
    --tls                     # Encrypt the connection, as with rediss://
    --sni: string             # Name to send and to check in the certificate [default: the host]
    --cacert: path            # Trust the authorities in this file (PEM)
    --cacertdir: path         # Trust the authorities in the files of this directory
    --cert: path              # Certificate to present to the server (PEM)
    --key: path               # Private key of the certificate (PEM)
    --insecure                # Do not check the server's certificate
    --fault: string@"nu-complete redis-doctor ping faults" # Inject a fault with a proxy before the server (repeatable)
    --incident: string@"nu-complete redis-doctor ping incidents" # Replay the faults of a known incident (repeatable)
    --policy: string@"nu-complete redis-doctor ping policy" # Preset that the flags below override
    --retries: string         # Retries of a failed reconnect, or unlimited [hardened: unlimited]
    --min-delay: string       # First delay between attempts, before jitter [hardened: 100ms]
    --spread: string          # Add up to this to the first delay, at random [default: 0s]
    --max-delay: string       # Largest delay between attempts, before jitter [hardened: 5s]
    --backoff-base: string    # Factor from one delay to the next, from 1 [hardened: 2]
    --connect-timeout: string # Timeout of a connection attempt [hardened: 5s]
    --response-timeout: string # Client-library response timeout [hardened: 2s]
    --keepalive: string       # Set TCP keepalive, or off [hardened: 10/5/3]
    --user-timeout: string    # Set TCP_USER_TIMEOUT, or off [hardened: 25s]
    --nodelay: string         # Send small writes immediately (TCP_NODELAY) [hardened: on]
    --watchdog: string        # Detect a dead connection with PINGs, or off [hardened: 1sx2]
    --no-resubscribe          # Do not resubscribe after a reconnect
    --resubscribe: string@"nu-complete redis-doctor ping resubscribe" # Way to resubscribe after a reconnect [hardened: paced]
    --on-readonly: string@"nu-complete redis-doctor ping on_readonly" # Reaction to READONLY from a demoted server [hardened: rebuild]
    --output(-o): path        # Write the report to this file, - for stdout
    --quiet(-q)               # Print only the report, no events or progress
    --color: string@"nu-complete redis-doctor ping color" # When to use color
    --verbose(-v)             # Show every section of the text report
    --local-time              # Show local times instead of UTC
    --journal: path           # Append all events to this file as NDJSON
    --journal-max-size: string # Rename the journal to FILE.1 at this size
    --journal-reopen          # Do not end the run on SIGHUP, for logrotate
    --fail-on: string@"nu-complete redis-doctor ping fail_on" # Exit 2 (critical) if this is true (repeatable)
    --warn-on: string@"nu-complete redis-doctor ping warn_on" # Exit 1 (degraded) if this is true (repeatable)
    --exit-zero               # Always exit 0
    --cluster                 # Examine all primaries of the cluster of this server
    --replicas                # With --cluster, examine the replicas, too
    --sentinel: string        # Find the server by these Sentinels (repeatable)
    --master: string          # With --sentinel, the name of the primary
    --no-evidence             # Gather no evidence about outages
    --max-reply: string       # Largest reply of a connection under test [default: 64m]
    --seed: string            # Seed for all randomness [default: random; shown in the report]
    --format: string@"nu-complete redis-doctor ping format" # Report format [default: that of the name of --output, or text]
    --rows: string@"nu-complete redis-doctor ping rows" # Rows of CSV [default: figures]
    --help                    # Print long help (-h at the end: short help)
    --config: path            # Configuration file [default: ~/.config/redis-doctor/config.toml]
    ...servers: string        # Servers: a URL, HOST or HOST:PORT [default: see -u]
  ]

  def "nu-complete redis-doctor subscribe format" [] {
    [ "text" "ndjson" "raw" ]
  }

  def "nu-complete redis-doctor subscribe report_format" [] {
    [ "text" "json" "ndjson" "csv" "openmetrics" "prometheus" "nagios" "markdown" "html" "hgrm" "hlog" ]
  }

  def "nu-complete redis-doctor subscribe target" [] {
    ^redis-doctor completions --targets | lines
  }

  def "nu-complete redis-doctor subscribe protocol" [] {
    [ "resp3" "resp2" "auto" ]
  }

  def "nu-complete redis-doctor subscribe faults" [] {
    [ "reset_peer" "close" "half_close" "slow_close" "blackhole" "partition" "refuse" "stall_accept" "accept_close" "accept_reset" "latency" "bandwidth" "slicer" "limit_data" "idle_drop" "error_reply" "garbage" "truncate" "http_503" "push" ]
  }

  def "nu-complete redis-doctor subscribe incidents" [] {
    [ "elasticache-reset" "nlb-idle" "nat-forget" "failover" "maintenance" "az-loss" "thundering-herd" "auth-rotation" "slow-resubscribe" ]
  }

  def "nu-complete redis-doctor subscribe policy" [] {
    [ "hardened" "library" "elasticache" "bare" ]
  }

  def "nu-complete redis-doctor subscribe resubscribe" [] {
    [ "library" "paced" ]
  }

  def "nu-complete redis-doctor subscribe on_readonly" [] {
    [ "stay" "rebuild" ]
  }

  def "nu-complete redis-doctor subscribe color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete redis-doctor subscribe fail_on" [] {
    [ "ambiguous" "attempts_failed" "availability" "bytes_in_doubt" "connections_lost" "desyncs" "duplicated" "e2e_p99" "elements_lost" "errors" "lost" "max" "mean" "outage" "p50" "p90" "p99" "p99.9" "ran_twice" "reconnect_peak" "reconnects" "reordered" "service" "timeouts" ]
  }

  def "nu-complete redis-doctor subscribe warn_on" [] {
    [ "ambiguous" "attempts_failed" "availability" "bytes_in_doubt" "connections_lost" "desyncs" "duplicated" "e2e_p99" "elements_lost" "errors" "lost" "max" "mean" "outage" "p50" "p90" "p99" "p99.9" "ran_twice" "reconnect_peak" "reconnects" "reordered" "service" "timeouts" ]
  }

  # Tail channels; show drops, resubscriptions and lost messages
  export extern "redis-doctor subscribe" [
    --pattern: string         # Subscribe to a pattern with PSUBSCRIBE (repeatable)
    --shard: string           # Subscribe to a shard channel with SSUBSCRIBE (repeatable)
    --count(-c): string       # Stop after this many messages [default: until a signal]
    --duration(-d): string    # Stop after this long [default: until a signal]
    --expect-every: string    # Report a gap if no message arrives for this long
    --verify                  # Publish numbered messages and account for each
    --rate: string            # Publish rate of --verify [default: 10/s]
    --timestamps(-D)          # Print the UTC time before each line
    --format: string@"nu-complete redis-doctor subscribe format" # Message format on stdout
    --report-format: string@"nu-complete redis-doctor subscribe report_format" # Report format of --output [default: that of its name, or text]
    --target(-t): string@"nu-complete redis-doctor subscribe target" # Server with this name in the configuration file
    --uri(-u): string         # Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]
    --targets: path           # Read servers from this file, - for stdin
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    --user: string            # ACL user [default: the server's default user]
    --pass-command: string    # Run this shell command for the password of each attempt
    --pass-file: path         # Read the password of each attempt from this file
    --askpass                 # Prompt for the password
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Client name of the connections, as in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor subscribe protocol" # Protocol version [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port
    --spawn: path             # Start a real server on a free loopback port
    --tls                     # Encrypt the connection, as with rediss://
    --sni: string             # Name to send and to check in the certificate [default: the host]
    --cacert: path            # Trust the authorities in this file (PEM)
    --cacertdir: path         # Trust the authorities in the files of this directory
    --cert: path              # Certificate to present to the server (PEM)
    --key: path               # Private key of the certificate (PEM)
    --insecure                # Do not check the server's certificate
    --fault: string@"nu-complete redis-doctor subscribe faults" # Inject a fault with a proxy before the server (repeatable)
    --incident: string@"nu-complete redis-doctor subscribe incidents" # Replay the faults of a known incident (repeatable)
    --policy: string@"nu-complete redis-doctor subscribe policy" # Preset that the flags below override
    --retries: string         # Retries of a failed reconnect, or unlimited [hardened: unlimited]
    --min-delay: string       # First delay between attempts, before jitter [hardened: 100ms]
    --spread: string          # Add up to this to the first delay, at random [default: 0s]
    --max-delay: string       # Largest delay between attempts, before jitter [hardened: 5s]
    --backoff-base: string    # Factor from one delay to the next, from 1 [hardened: 2]
    --connect-timeout: string # Timeout of a connection attempt [hardened: 5s]
    --response-timeout: string # Client-library response timeout [hardened: 2s]
    --keepalive: string       # Set TCP keepalive, or off [hardened: 10/5/3]
    --user-timeout: string    # Set TCP_USER_TIMEOUT, or off [hardened: 25s]
    --nodelay: string         # Send small writes immediately (TCP_NODELAY) [hardened: on]
    --watchdog: string        # Detect a dead connection with PINGs, or off [hardened: 1sx2]
    --no-resubscribe          # Do not resubscribe after a reconnect
    --resubscribe: string@"nu-complete redis-doctor subscribe resubscribe" # Way to resubscribe after a reconnect [hardened: paced]
    --on-readonly: string@"nu-complete redis-doctor subscribe on_readonly" # Reaction to READONLY from a demoted server [hardened: rebuild]
    --output(-o): path        # Write the report to this file, - for stdout
    --quiet(-q)               # Print only the report, no events or progress
    --color: string@"nu-complete redis-doctor subscribe color" # When to use color
    --verbose(-v)             # Show every section of the text report
    --local-time              # Show local times instead of UTC
    --journal: path           # Append all events to this file as NDJSON
    --journal-max-size: string # Rename the journal to FILE.1 at this size
    --journal-reopen          # Do not end the run on SIGHUP, for logrotate
    --fail-on: string@"nu-complete redis-doctor subscribe fail_on" # Exit 2 (critical) if this is true (repeatable)
    --warn-on: string@"nu-complete redis-doctor subscribe warn_on" # Exit 1 (degraded) if this is true (repeatable)
    --exit-zero               # Always exit 0
    --cluster                 # Examine all primaries of the cluster of this server
    --replicas                # With --cluster, examine the replicas, too
    --sentinel: string        # Find the server by these Sentinels (repeatable)
    --master: string          # With --sentinel, the name of the primary
    --no-evidence             # Gather no evidence about outages
    --max-reply: string       # Largest reply of a connection under test [default: 64m]
    --seed: string            # Seed for all randomness [default: random; shown in the report]
    --listen-metrics: string  # Serve metrics to Prometheus at this address
    --allow-probe: string     # Let a scraper check this server, too (repeatable)
    --otlp: string            # Send metrics and outages to an OTLP collector
    --otlp-header: string     # Send this header to the collector (repeatable)
    --otlp-cacert: path       # Trust the authorities in this PEM file for the collector
    --help                    # Print long help (-h at the end: short help)
    --config: path            # Configuration file [default: ~/.config/redis-doctor/config.toml]
    ...channels: string       # Channels to subscribe to (any bytes)
  ]

  def "nu-complete redis-doctor soak workload" [] {
    [ "ping" "pubsub" "shard-pubsub" "kv" "mixed" "ledger" ]
  }

  def "nu-complete redis-doctor soak via" [] {
    [ "direct" "cluster-client" ]
  }

  def "nu-complete redis-doctor soak target" [] {
    ^redis-doctor completions --targets | lines
  }

  def "nu-complete redis-doctor soak protocol" [] {
    [ "resp3" "resp2" "auto" ]
  }

  def "nu-complete redis-doctor soak faults" [] {
    [ "reset_peer" "close" "half_close" "slow_close" "blackhole" "partition" "refuse" "stall_accept" "accept_close" "accept_reset" "latency" "bandwidth" "slicer" "limit_data" "idle_drop" "error_reply" "garbage" "truncate" "http_503" "push" ]
  }

  def "nu-complete redis-doctor soak incidents" [] {
    [ "elasticache-reset" "nlb-idle" "nat-forget" "failover" "maintenance" "az-loss" "thundering-herd" "auth-rotation" "slow-resubscribe" ]
  }

  def "nu-complete redis-doctor soak policy" [] {
    [ "hardened" "library" "elasticache" "bare" ]
  }

  def "nu-complete redis-doctor soak resubscribe" [] {
    [ "library" "paced" ]
  }

  def "nu-complete redis-doctor soak on_readonly" [] {
    [ "stay" "rebuild" ]
  }

  def "nu-complete redis-doctor soak color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete redis-doctor soak fail_on" [] {
    [ "ambiguous" "attempts_failed" "availability" "bytes_in_doubt" "connections_lost" "desyncs" "duplicated" "e2e_p99" "elements_lost" "errors" "lost" "max" "mean" "outage" "p50" "p90" "p99" "p99.9" "ran_twice" "reconnect_peak" "reconnects" "reordered" "service" "timeouts" ]
  }

  def "nu-complete redis-doctor soak warn_on" [] {
    [ "ambiguous" "attempts_failed" "availability" "bytes_in_doubt" "connections_lost" "desyncs" "duplicated" "e2e_p99" "elements_lost" "errors" "lost" "max" "mean" "outage" "p50" "p90" "p99" "p99.9" "ran_twice" "reconnect_peak" "reconnects" "reordered" "service" "timeouts" ]
  }

  def "nu-complete redis-doctor soak format" [] {
    [ "text" "json" "ndjson" "csv" "openmetrics" "prometheus" "nagios" "markdown" "html" "hgrm" "hlog" ]
  }

  def "nu-complete redis-doctor soak rows" [] {
    [ "figures" "intervals" "outages" "errors" ]
  }

  # Hold connections for minutes or weeks and report every outage
  export extern "redis-doctor soak" [
    --duration(-d): string    # Stop after this long [default: until a signal]
    --rate: string            # Probe rate per connection; 0 = unlimited [default: 10/s]
    --workload: string@"nu-complete redis-doctor soak workload" # Workload, comma-separated [default: ping,pubsub]
    --connections: string     # Number of connections under test, 1 to 10000
    --concurrency: string     # Probes in flight per connection, 1 to 10000 [default: 1]
    --payload: string         # Extra bytes in each probe, at most 16m [default: 0]
    --timeout(-W): string     # Timeout of a probe [default: 2s]
    --verify-rate: string     # Numbered messages per connection [default: 10/s]
    --channels: string        # Channels per connection, 1 to 10000 [default: 1]
    --baseline: path          # Compare with this earlier run at the end
    --stop-on-critical        # Stop when a connection cannot recover on its own
    --via: string@"nu-complete redis-doctor soak via" # With --cluster, the client of the commands [default: direct]
    --target(-t): string@"nu-complete redis-doctor soak target" # Server with this name in the configuration file
    --uri(-u): string         # Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]
    --targets: path           # Read servers from this file, - for stdin
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    --user: string            # ACL user [default: the server's default user]
    --pass-command: string    # Run this shell command for the password of each attempt
    --pass-file: path         # Read the password of each attempt from this file
    --askpass                 # Prompt for the password
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Client name of the connections, as in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor soak protocol" # Protocol version [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port
    --spawn: path             # Start a real server on a free loopback port
    --tls                     # Encrypt the connection, as with rediss://
    --sni: string             # Name to send and to check in the certificate [default: the host]
    --cacert: path            # Trust the authorities in this file (PEM)
    --cacertdir: path         # Trust the authorities in the files of this directory
    --cert: path              # Certificate to present to the server (PEM)
    --key: path               # Private key of the certificate (PEM)
    --insecure                # Do not check the server's certificate
    --fault: string@"nu-complete redis-doctor soak faults" # Inject a fault with a proxy before the server (repeatable)
    --incident: string@"nu-complete redis-doctor soak incidents" # Replay the faults of a known incident (repeatable)
    --policy: string@"nu-complete redis-doctor soak policy" # Preset that the flags below override
    --retries: string         # Retries of a failed reconnect, or unlimited [hardened: unlimited]
    --min-delay: string       # First delay between attempts, before jitter [hardened: 100ms]
    --spread: string          # Add up to this to the first delay, at random [default: 0s]
    --max-delay: string       # Largest delay between attempts, before jitter [hardened: 5s]
    --backoff-base: string    # Factor from one delay to the next, from 1 [hardened: 2]
    --connect-timeout: string # Timeout of a connection attempt [hardened: 5s]
    --response-timeout: string # Client-library response timeout [hardened: 2s]
    --keepalive: string       # Set TCP keepalive, or off [hardened: 10/5/3]
    --user-timeout: string    # Set TCP_USER_TIMEOUT, or off [hardened: 25s]
    --nodelay: string         # Send small writes immediately (TCP_NODELAY) [hardened: on]
    --watchdog: string        # Detect a dead connection with PINGs, or off [hardened: 1sx2]
    --no-resubscribe          # Do not resubscribe after a reconnect
    --resubscribe: string@"nu-complete redis-doctor soak resubscribe" # Way to resubscribe after a reconnect [hardened: paced]
    --on-readonly: string@"nu-complete redis-doctor soak on_readonly" # Reaction to READONLY from a demoted server [hardened: rebuild]
    --output(-o): path        # Write the report to this file, - for stdout
    --quiet(-q)               # Print only the report, no events or progress
    --color: string@"nu-complete redis-doctor soak color" # When to use color
    --verbose(-v)             # Show every section of the text report
    --local-time              # Show local times instead of UTC
    --journal: path           # Append all events to this file as NDJSON
    --journal-max-size: string # Rename the journal to FILE.1 at this size
    --journal-reopen          # Do not end the run on SIGHUP, for logrotate
    --fail-on: string@"nu-complete redis-doctor soak fail_on" # Exit 2 (critical) if this is true (repeatable)
    --warn-on: string@"nu-complete redis-doctor soak warn_on" # Exit 1 (degraded) if this is true (repeatable)
    --exit-zero               # Always exit 0
    --cluster                 # Examine all primaries of the cluster of this server
    --replicas                # With --cluster, examine the replicas, too
    --sentinel: string        # Find the server by these Sentinels (repeatable)
    --master: string          # With --sentinel, the name of the primary
    --no-evidence             # Gather no evidence about outages
    --max-reply: string       # Largest reply of a connection under test [default: 64m]
    --seed: string            # Seed for all randomness [default: random; shown in the report]
    --format: string@"nu-complete redis-doctor soak format" # Report format [default: that of the name of --output, or text]
    --rows: string@"nu-complete redis-doctor soak rows" # Rows of CSV [default: figures]
    --listen-metrics: string  # Serve metrics to Prometheus at this address
    --allow-probe: string     # Let a scraper check this server, too (repeatable)
    --otlp: string            # Send metrics and outages to an OTLP collector
    --otlp-header: string     # Send this header to the collector (repeatable)
    --otlp-cacert: path       # Trust the authorities in this PEM file for the collector
    --help                    # Print long help (-h at the end: short help)
    --config: path            # Configuration file [default: ~/.config/redis-doctor/config.toml]
    ...servers: string        # Servers: a URL, HOST or HOST:PORT [default: see -u]
  ]

  def "nu-complete redis-doctor watch workload" [] {
    [ "ping" "pubsub" "shard-pubsub" "kv" "mixed" "ledger" ]
  }

  def "nu-complete redis-doctor watch via" [] {
    [ "direct" "cluster-client" ]
  }

  def "nu-complete redis-doctor watch target" [] {
    ^redis-doctor completions --targets | lines
  }

  def "nu-complete redis-doctor watch protocol" [] {
    [ "resp3" "resp2" "auto" ]
  }

  def "nu-complete redis-doctor watch faults" [] {
    [ "reset_peer" "close" "half_close" "slow_close" "blackhole" "partition" "refuse" "stall_accept" "accept_close" "accept_reset" "latency" "bandwidth" "slicer" "limit_data" "idle_drop" "error_reply" "garbage" "truncate" "http_503" "push" ]
  }

  def "nu-complete redis-doctor watch incidents" [] {
    [ "elasticache-reset" "nlb-idle" "nat-forget" "failover" "maintenance" "az-loss" "thundering-herd" "auth-rotation" "slow-resubscribe" ]
  }

  def "nu-complete redis-doctor watch policy" [] {
    [ "hardened" "library" "elasticache" "bare" ]
  }

  def "nu-complete redis-doctor watch resubscribe" [] {
    [ "library" "paced" ]
  }

  def "nu-complete redis-doctor watch on_readonly" [] {
    [ "stay" "rebuild" ]
  }

  def "nu-complete redis-doctor watch color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete redis-doctor watch fail_on" [] {
    [ "ambiguous" "attempts_failed" "availability" "bytes_in_doubt" "connections_lost" "desyncs" "duplicated" "e2e_p99" "elements_lost" "errors" "lost" "max" "mean" "outage" "p50" "p90" "p99" "p99.9" "ran_twice" "reconnect_peak" "reconnects" "reordered" "service" "timeouts" ]
  }

  def "nu-complete redis-doctor watch warn_on" [] {
    [ "ambiguous" "attempts_failed" "availability" "bytes_in_doubt" "connections_lost" "desyncs" "duplicated" "e2e_p99" "elements_lost" "errors" "lost" "max" "mean" "outage" "p50" "p90" "p99" "p99.9" "ran_twice" "reconnect_peak" "reconnects" "reordered" "service" "timeouts" ]
  }

  def "nu-complete redis-doctor watch format" [] {
    [ "text" "json" "ndjson" "csv" "openmetrics" "prometheus" "nagios" "markdown" "html" "hgrm" "hlog" ]
  }

  def "nu-complete redis-doctor watch rows" [] {
    [ "figures" "intervals" "outages" "errors" ]
  }

  # Show each change of a server, its role or address as it happens
  export extern "redis-doctor watch" [
    --duration(-d): string    # Stop after this long [default: until a signal]
    --rate: string            # Probe rate per connection; 0 = unlimited [default: 10/s]
    --workload: string@"nu-complete redis-doctor watch workload" # Workload, comma-separated [default: ping,pubsub]
    --connections: string     # Number of connections under test, 1 to 10000
    --concurrency: string     # Probes in flight per connection, 1 to 10000 [default: 1]
    --payload: string         # Extra bytes in each probe, at most 16m [default: 0]
    --timeout(-W): string     # Timeout of a probe [default: 2s]
    --verify-rate: string     # Numbered messages per connection [default: 10/s]
    --channels: string        # Channels per connection, 1 to 10000 [default: 1]
    --baseline: path          # Compare with this earlier run at the end
    --stop-on-critical        # Stop when a connection cannot recover on its own
    --via: string@"nu-complete redis-doctor watch via" # With --cluster, the client of the commands [default: direct]
    --target(-t): string@"nu-complete redis-doctor watch target" # Server with this name in the configuration file
    --uri(-u): string         # Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]
    --targets: path           # Read servers from this file, - for stdin
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    --user: string            # ACL user [default: the server's default user]
    --pass-command: string    # Run this shell command for the password of each attempt
    --pass-file: path         # Read the password of each attempt from this file
    --askpass                 # Prompt for the password
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Client name of the connections, as in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor watch protocol" # Protocol version [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port
    --spawn: path             # Start a real server on a free loopback port
    --tls                     # Encrypt the connection, as with rediss://
    --sni: string             # Name to send and to check in the certificate [default: the host]
    --cacert: path            # Trust the authorities in this file (PEM)
    --cacertdir: path         # Trust the authorities in the files of this directory
    --cert: path              # Certificate to present to the server (PEM)
    --key: path               # Private key of the certificate (PEM)
    --insecure                # Do not check the server's certificate
    --fault: string@"nu-complete redis-doctor watch faults" # Inject a fault with a proxy before the server (repeatable)
    --incident: string@"nu-complete redis-doctor watch incidents" # Replay the faults of a known incident (repeatable)
    --policy: string@"nu-complete redis-doctor watch policy" # Preset that the flags below override
    --retries: string         # Retries of a failed reconnect, or unlimited [hardened: unlimited]
    --min-delay: string       # First delay between attempts, before jitter [hardened: 100ms]
    --spread: string          # Add up to this to the first delay, at random [default: 0s]
    --max-delay: string       # Largest delay between attempts, before jitter [hardened: 5s]
    --backoff-base: string    # Factor from one delay to the next, from 1 [hardened: 2]
    --connect-timeout: string # Timeout of a connection attempt [hardened: 5s]
    --response-timeout: string # Client-library response timeout [hardened: 2s]
    --keepalive: string       # Set TCP keepalive, or off [hardened: 10/5/3]
    --user-timeout: string    # Set TCP_USER_TIMEOUT, or off [hardened: 25s]
    --nodelay: string         # Send small writes immediately (TCP_NODELAY) [hardened: on]
    --watchdog: string        # Detect a dead connection with PINGs, or off [hardened: 1sx2]
    --no-resubscribe          # Do not resubscribe after a reconnect
    --resubscribe: string@"nu-complete redis-doctor watch resubscribe" # Way to resubscribe after a reconnect [hardened: paced]
    --on-readonly: string@"nu-complete redis-doctor watch on_readonly" # Reaction to READONLY from a demoted server [hardened: rebuild]
    --output(-o): path        # Write the report to this file, - for stdout
    --quiet(-q)               # Print only the report, no events or progress
    --color: string@"nu-complete redis-doctor watch color" # When to use color
    --verbose(-v)             # Show every section of the text report
    --local-time              # Show local times instead of UTC
    --journal: path           # Append all events to this file as NDJSON
    --journal-max-size: string # Rename the journal to FILE.1 at this size
    --journal-reopen          # Do not end the run on SIGHUP, for logrotate
    --fail-on: string@"nu-complete redis-doctor watch fail_on" # Exit 2 (critical) if this is true (repeatable)
    --warn-on: string@"nu-complete redis-doctor watch warn_on" # Exit 1 (degraded) if this is true (repeatable)
    --exit-zero               # Always exit 0
    --cluster                 # Examine all primaries of the cluster of this server
    --replicas                # With --cluster, examine the replicas, too
    --sentinel: string        # Find the server by these Sentinels (repeatable)
    --master: string          # With --sentinel, the name of the primary
    --no-evidence             # Gather no evidence about outages
    --max-reply: string       # Largest reply of a connection under test [default: 64m]
    --seed: string            # Seed for all randomness [default: random; shown in the report]
    --format: string@"nu-complete redis-doctor watch format" # Report format [default: that of the name of --output, or text]
    --rows: string@"nu-complete redis-doctor watch rows" # Rows of CSV [default: figures]
    --listen-metrics: string  # Serve metrics to Prometheus at this address
    --allow-probe: string     # Let a scraper check this server, too (repeatable)
    --otlp: string            # Send metrics and outages to an OTLP collector
    --otlp-header: string     # Send this header to the collector (repeatable)
    --otlp-cacert: path       # Trust the authorities in this PEM file for the collector
    --help                    # Print long help (-h at the end: short help)
    --config: path            # Configuration file [default: ~/.config/redis-doctor/config.toml]
    ...servers: string        # Servers: a URL, HOST or HOST:PORT [default: see -u]
  ]

  def "nu-complete redis-doctor proxy faults" [] {
    [ "reset_peer" "close" "half_close" "slow_close" "blackhole" "partition" "refuse" "stall_accept" "accept_close" "accept_reset" "latency" "bandwidth" "slicer" "limit_data" "idle_drop" "error_reply" "garbage" "truncate" "http_503" "push" ]
  }

  def "nu-complete redis-doctor proxy incidents" [] {
    [ "elasticache-reset" "nlb-idle" "nat-forget" "failover" "maintenance" "az-loss" "thundering-herd" "auth-rotation" "slow-resubscribe" ]
  }

  def "nu-complete redis-doctor proxy format" [] {
    [ "text" "json" "ndjson" "csv" "openmetrics" "prometheus" "nagios" "markdown" "html" "hgrm" "hlog" ]
  }

  def "nu-complete redis-doctor proxy rows" [] {
    [ "figures" "intervals" "outages" "errors" ]
  }

  def "nu-complete redis-doctor proxy color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete redis-doctor proxy fail_on" [] {
    [ "ambiguous" "attempts_failed" "availability" "bytes_in_doubt" "connections_lost" "desyncs" "duplicated" "e2e_p99" "elements_lost" "errors" "lost" "max" "mean" "outage" "p50" "p90" "p99" "p99.9" "ran_twice" "reconnect_peak" "reconnects" "reordered" "service" "timeouts" ]
  }

  def "nu-complete redis-doctor proxy warn_on" [] {
    [ "ambiguous" "attempts_failed" "availability" "bytes_in_doubt" "connections_lost" "desyncs" "duplicated" "e2e_p99" "elements_lost" "errors" "lost" "max" "mean" "outage" "p50" "p90" "p99" "p99.9" "ran_twice" "reconnect_peak" "reconnects" "reordered" "service" "timeouts" ]
  }

  # Run a fault proxy before a server, to test any application
  export extern "redis-doctor proxy" [
    --listen: string          # Address to listen on; port 0 picks a free one
    --uri(-u): string         # URL of the server [env: REDIS_URL, VALKEY_URL]
    --sandbox                 # Use the embedded server
    --spawn: path             # Start a real server on a free loopback port
    --allow-remote            # Allow other machines to connect
    --no-control              # Take no orders on the wire
    --report                  # Observe the application, and report on it at the end
    --seed: string            # Seed for all randomness [default: random]
    --fault: string@"nu-complete redis-doctor proxy faults" # Inject a fault with a proxy before the server (repeatable)
    --incident: string@"nu-complete redis-doctor proxy incidents" # Replay the faults of a known incident (repeatable)
    --tls                     # Encrypt the connection, as with rediss://
    --sni: string             # Name to send and to check in the certificate [default: the host]
    --cacert: path            # Trust the authorities in this file (PEM)
    --cacertdir: path         # Trust the authorities in the files of this directory
    --cert: path              # Certificate to present to the server (PEM)
    --key: path               # Private key of the certificate (PEM)
    --insecure                # Do not check the server's certificate
    --format: string@"nu-complete redis-doctor proxy format" # Report format [default: that of the name of --output, or text]
    --rows: string@"nu-complete redis-doctor proxy rows" # Rows of CSV [default: figures]
    --output(-o): path        # Write the report to this file, - for stdout
    --quiet(-q)               # Print only the report, no events or progress
    --color: string@"nu-complete redis-doctor proxy color" # When to use color
    --journal: path           # Append all events to this file as NDJSON
    --journal-max-size: string # Rename the journal to FILE.1 at this size
    --journal-reopen          # Do not end the run on SIGHUP, for logrotate
    --fail-on: string@"nu-complete redis-doctor proxy fail_on" # Exit 2 (critical) if this is true (repeatable)
    --warn-on: string@"nu-complete redis-doctor proxy warn_on" # Exit 1 (degraded) if this is true (repeatable)
    --exit-zero               # Always exit 0
    --listen-metrics: string  # Serve metrics to Prometheus at this address
    --allow-probe: string     # Let a scraper check this server, too (repeatable)
    --otlp: string            # Send metrics and outages to an OTLP collector
    --otlp-header: string     # Send this header to the collector (repeatable)
    --otlp-cacert: path       # Trust the authorities in this PEM file for the collector
    --no-evidence             # Gather no evidence about outages
    --help                    # Print long help (-h at the end: short help)
    --config: path            # Configuration file [default: ~/.config/redis-doctor/config.toml]
  ]

  def "nu-complete redis-doctor drill case" [] {
    [ "reset-idle" "reset-in-flight" "reset-client-only" "close" "half-close" "blackhole" "partition-4s" "refuse-2s" "refuse-12s" "refuse-12s-silent" "stall-accept-4s" "accept-close-2s" "accept-reset-2s" "wrongpass-11s" "http-503-11s" "garbage-11s" "max-clients-3s" "loading-3s" "noperm-resubscribe" "slow-resubscribe" "many-channels" "readonly" "latency-700ms" "slicer" "truncate" "idle-drop-reset" "maintenance-push" "partition-8s" "blackhole-70s" "forgotten" "noauth-6s" "max-clients-6s" "loading-6s" "readonly-6s" "noperm-resubscribe-6s" "cut-reply-1s" "sentinel-failover" "kill-primary" "freeze-primary" "cluster-failover" "kill-node" "move-slot" "lose-slots" ]
  }

  def "nu-complete redis-doctor drill lab" [] {
    [ "sentinel" "cluster" ]
  }

  def "nu-complete redis-doctor drill policy" [] {
    [ "hardened" "library" "elasticache" "bare" ]
  }

  def "nu-complete redis-doctor drill must_survive" [] {
    [ "bare" "library" "elasticache" "hardened" "all" "reset-idle" "reset-in-flight" "close" "half-close" "partition-8s" "blackhole-70s" "forgotten" "refuse-12s" "noauth-6s" "max-clients-6s" "loading-6s" "readonly-6s" "noperm-resubscribe-6s" "cut-reply-1s" ]
  }

  def "nu-complete redis-doctor drill format" [] {
    [ "text" "json" "csv" "markdown" "junit" "html" ]
  }

  def "nu-complete redis-doctor drill faults" [] {
    [ "reset_peer" "close" "half_close" "slow_close" "blackhole" "partition" "refuse" "stall_accept" "accept_close" "accept_reset" "latency" "bandwidth" "slicer" "limit_data" "idle_drop" "error_reply" "garbage" "truncate" "http_503" "push" ]
  }

  def "nu-complete redis-doctor drill incidents" [] {
    [ "elasticache-reset" "nlb-idle" "nat-forget" "failover" "maintenance" "az-loss" "thundering-herd" "auth-rotation" "slow-resubscribe" ]
  }

  def "nu-complete redis-doctor drill target" [] {
    ^redis-doctor completions --targets | lines
  }

  def "nu-complete redis-doctor drill protocol" [] {
    [ "resp3" "resp2" "auto" ]
  }

  # Run each reconnect policy, or an application, through each fault
  export extern "redis-doctor drill" [
    --all                     # Run every case
    --case: string@"nu-complete redis-doctor drill case" # Cases to run, comma-separated
    --lab: string@"nu-complete redis-doctor drill lab" # Drill a set of servers that redis-doctor starts for it
    --policy: string@"nu-complete redis-doctor drill policy" # Policies to test, comma-separated
    --must-survive: string@"nu-complete redis-doctor drill must_survive" # Exit 2 unless these policies survive every case
    --exec: string            # Start this application, and drill it instead of the policies
    --listen: string          # Drill the application that connects to this address
    --listen-tls              # Let the application speak TLS to the proxy
    --url-env: string         # Put the URL of the proxy into this variable, too (repeatable)
    --health: string          # Check the health of the application with this command
    --load: string            # Run this command beside the application
    --fresh                   # Start a new process for each case
    --jobs: string            # Run this many cases at the same time [default: 4]
    --log-dir: path           # Write the output of the application to this folder
    --format: string@"nu-complete redis-doctor drill format" # Result format [default: that of the name of --output, or text]
    --output(-o): path        # Write the results to this file
    --quiet(-q)               # Print no progress
    --seed: string            # Seed for all randomness [default: random]
    --fault: string@"nu-complete redis-doctor drill faults" # Inject a fault with a proxy before the server (repeatable)
    --incident: string@"nu-complete redis-doctor drill incidents" # Replay the faults of a known incident (repeatable)
    --target(-t): string@"nu-complete redis-doctor drill target" # Server with this name in the configuration file
    --uri(-u): string         # Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]
    --targets: path           # Read servers from this file, - for stdin
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    --user: string            # ACL user [default: the server's default user]
    --pass-command: string    # Run this shell command for the password of each attempt
    --pass-file: path         # Read the password of each attempt from this file
    --askpass                 # Prompt for the password
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Client name of the connections, as in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor drill protocol" # Protocol version [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port
    --spawn: path             # Start a real server on a free loopback port
    --tls                     # Encrypt the connection, as with rediss://
    --sni: string             # Name to send and to check in the certificate [default: the host]
    --cacert: path            # Trust the authorities in this file (PEM)
    --cacertdir: path         # Trust the authorities in the files of this directory
    --cert: path              # Certificate to present to the server (PEM)
    --key: path               # Private key of the certificate (PEM)
    --insecure                # Do not check the server's certificate
    --help                    # Print long help (-h at the end: short help)
    --config: path            # Configuration file [default: ~/.config/redis-doctor/config.toml]
    ...servers: string        # Servers: a URL, HOST or HOST:PORT [default: see -u]
  ]

  def "nu-complete redis-doctor idle profile" [] {
    [ "aws" "azure" "gcp" ]
  }

  def "nu-complete redis-doctor idle format" [] {
    [ "text" "json" "ndjson" "nagios" "html" ]
  }

  def "nu-complete redis-doctor idle faults" [] {
    [ "reset_peer" "close" "half_close" "slow_close" "blackhole" "partition" "refuse" "stall_accept" "accept_close" "accept_reset" "latency" "bandwidth" "slicer" "limit_data" "idle_drop" "error_reply" "garbage" "truncate" "http_503" "push" ]
  }

  def "nu-complete redis-doctor idle incidents" [] {
    [ "elasticache-reset" "nlb-idle" "nat-forget" "failover" "maintenance" "az-loss" "thundering-herd" "auth-rotation" "slow-resubscribe" ]
  }

  def "nu-complete redis-doctor idle target" [] {
    ^redis-doctor completions --targets | lines
  }

  def "nu-complete redis-doctor idle protocol" [] {
    [ "resp3" "resp2" "auto" ]
  }

  # Find the idle timeout of the path or server
  export extern "redis-doctor idle" [
    --max: string             # Longest limit to look for [default: 20m]
    --steps: string           # Number of silences to try in parallel, or a list
    --profile: string@"nu-complete redis-doctor idle profile" # Search closely around the common limits of a cloud
    --resolution: string      # Required precision of the limit [default: 2 %]
    --timeout(-W): string     # Timeout of the PING after a silence
    --deadline(-w): string    # End the search after this long
    --must-survive: string    # Exit 2 (critical) unless connections survive this silence
    --format: string@"nu-complete redis-doctor idle format" # Result format [default: that of the name of --output, or text]
    --output(-o): path        # Write the result to this file, - for stdout
    --quiet(-q)               # Print only the result
    --seed: string            # Seed of the faults' randomness [default: random]
    --fault: string@"nu-complete redis-doctor idle faults" # Inject a fault with a proxy before the server (repeatable)
    --incident: string@"nu-complete redis-doctor idle incidents" # Replay the faults of a known incident (repeatable)
    --target(-t): string@"nu-complete redis-doctor idle target" # Server with this name in the configuration file
    --uri(-u): string         # Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]
    --targets: path           # Read servers from this file, - for stdin
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    --user: string            # ACL user [default: the server's default user]
    --pass-command: string    # Run this shell command for the password of each attempt
    --pass-file: path         # Read the password of each attempt from this file
    --askpass                 # Prompt for the password
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Client name of the connections, as in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor idle protocol" # Protocol version [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port
    --spawn: path             # Start a real server on a free loopback port
    --tls                     # Encrypt the connection, as with rediss://
    --sni: string             # Name to send and to check in the certificate [default: the host]
    --cacert: path            # Trust the authorities in this file (PEM)
    --cacertdir: path         # Trust the authorities in the files of this directory
    --cert: path              # Certificate to present to the server (PEM)
    --key: path               # Private key of the certificate (PEM)
    --insecure                # Do not check the server's certificate
    --help                    # Print long help (-h at the end: short help)
    --config: path            # Configuration file [default: ~/.config/redis-doctor/config.toml]
    ...servers: string        # Servers: a URL, HOST or HOST:PORT [default: see -u]
  ]

  def "nu-complete redis-doctor trace format" [] {
    [ "text" "json" "ndjson" "csv" "nagios" "markdown" "html" ]
  }

  def "nu-complete redis-doctor trace color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete redis-doctor trace fail_on" [] {
    [ "attempts_failed" "bytes_in_doubt" "connections_lost" ]
  }

  def "nu-complete redis-doctor trace warn_on" [] {
    [ "attempts_failed" "bytes_in_doubt" "connections_lost" ]
  }

  # Examine the connections of running applications (Linux)
  export extern "redis-doctor trace" [
    --port(-p): string        # Examine connections to these ports [default: 6379]
    --pid: string             # Examine connections of this process only
    --watch                   # Watch, and show events as they happen
    --duration(-d): string    # Watch for this long [default: until Ctrl-C]
    --format: string@"nu-complete redis-doctor trace format" # Result format [default: that of the name of --output, or text]
    --output(-o): path        # Write the result to this file, - for stdout
    --quiet(-q)               # Print only problems
    --color: string@"nu-complete redis-doctor trace color" # When to use color
    --journal: path           # Append all events to this file as NDJSON
    --journal-max-size: string # Rename the journal to FILE.1 at this size
    --journal-reopen          # Do not end the run on SIGHUP, for logrotate
    --exit-zero               # Always exit 0
    --listen-metrics: string  # Serve metrics to Prometheus at this address
    --allow-probe: string     # Let a scraper check this server, too (repeatable)
    --otlp: string            # Send metrics and outages to an OTLP collector
    --otlp-header: string     # Send this header to the collector (repeatable)
    --otlp-cacert: path       # Trust the authorities in this PEM file for the collector
    --fail-on: string@"nu-complete redis-doctor trace fail_on" # Exit 2 (critical) if this is true (repeatable)
    --warn-on: string@"nu-complete redis-doctor trace warn_on" # Exit 1 (degraded) if this is true (repeatable)
    --help                    # Print long help (-h at the end: short help)
    --config: path            # Configuration file [default: ~/.config/redis-doctor/config.toml]
    server?: string           # Examine connections to this server only (HOST:PORT or a URL)
  ]

  def "nu-complete redis-doctor wait wanted" [] {
    [ "ready" "primary" "replica" ]
  }

  def "nu-complete redis-doctor wait target" [] {
    ^redis-doctor completions --targets | lines
  }

  def "nu-complete redis-doctor wait protocol" [] {
    [ "resp3" "resp2" "auto" ]
  }

  # Wait until a server is ready, a primary or a replica
  export extern "redis-doctor wait" [
    --for: string@"nu-complete redis-doctor wait wanted" # State to wait for
    --timeout(-W): string     # Give up after this long
    --interval(-i): string    # Interval between checks
    --fail-fast               # Stop immediately on a lasting error
    --quiet(-q)               # Print only the last error on a timeout
    --target(-t): string@"nu-complete redis-doctor wait target" # Server with this name in the configuration file
    --uri(-u): string         # Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]
    --targets: path           # Read servers from this file, - for stdin
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    --user: string            # ACL user [default: the server's default user]
    --pass-command: string    # Run this shell command for the password of each attempt
    --pass-file: path         # Read the password of each attempt from this file
    --askpass                 # Prompt for the password
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Client name of the connections, as in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor wait protocol" # Protocol version [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port
    --spawn: path             # Start a real server on a free loopback port
    --tls                     # Encrypt the connection, as with rediss://
    --sni: string             # Name to send and to check in the certificate [default: the host]
    --cacert: path            # Trust the authorities in this file (PEM)
    --cacertdir: path         # Trust the authorities in the files of this directory
    --cert: path              # Certificate to present to the server (PEM)
    --key: path               # Private key of the certificate (PEM)
    --insecure                # Do not check the server's certificate
    --help                    # Print long help (-h at the end: short help)
    --config: path            # Configuration file [default: ~/.config/redis-doctor/config.toml]
    ...servers: string        # Servers: a URL, HOST or HOST:PORT [default: see -u]
  ]

  def "nu-complete redis-doctor report format" [] {
    [ "text" "json" "ndjson" "csv" "openmetrics" "prometheus" "nagios" "markdown" "html" "hgrm" "hlog" ]
  }

  def "nu-complete redis-doctor report rows" [] {
    [ "figures" "intervals" "outages" "errors" ]
  }

  def "nu-complete redis-doctor report color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete redis-doctor report fail_on" [] {
    [ "ambiguous" "attempts_failed" "availability" "bytes_in_doubt" "connections_lost" "desyncs" "duplicated" "e2e_p99" "elements_lost" "errors" "lost" "max" "mean" "outage" "p50" "p90" "p99" "p99.9" "ran_twice" "reconnect_peak" "reconnects" "reordered" "service" "timeouts" ]
  }

  def "nu-complete redis-doctor report warn_on" [] {
    [ "ambiguous" "attempts_failed" "availability" "bytes_in_doubt" "connections_lost" "desyncs" "duplicated" "e2e_p99" "elements_lost" "errors" "lost" "max" "mean" "outage" "p50" "p90" "p99" "p99.9" "ran_twice" "reconnect_peak" "reconnects" "reordered" "service" "timeouts" ]
  }

  # Rebuild a report from journals, including one cut off by a crash
  export extern "redis-doctor report" [
    --strict                  # Refuse a damaged line instead of skipping it
    --format: string@"nu-complete redis-doctor report format" # Report format [default: that of the name of --output, or text]
    --rows: string@"nu-complete redis-doctor report rows" # Rows of CSV [default: figures]
    --output(-o): path        # Write the report to this file, - for stdout
    --quiet(-q)               # Print only the report, no events or progress
    --color: string@"nu-complete redis-doctor report color" # When to use color
    --verbose(-v)             # Show every section of the text report
    --local-time              # Show local times instead of UTC
    --fail-on: string@"nu-complete redis-doctor report fail_on" # Exit 2 (critical) if this is true (repeatable)
    --warn-on: string@"nu-complete redis-doctor report warn_on" # Exit 1 (degraded) if this is true (repeatable)
    --exit-zero               # Always exit 0
    --help                    # Print long help (-h at the end: short help)
    --config: path            # Configuration file [default: ~/.config/redis-doctor/config.toml]
    ...files: path            # Journals to read; - is stdin
  ]

  def "nu-complete redis-doctor compare fail_on" [] {
    [ "drops" "outage" "availability" "lost" "duplicated" "reordered" "errors" "rate" "p50" "p90" "p99" "p99.9" "max" "e2e_p50" "e2e_p99" ]
  }

  def "nu-complete redis-doctor compare format" [] {
    [ "text" "json" "csv" "markdown" ]
  }

  def "nu-complete redis-doctor compare color" [] {
    [ "auto" "always" "never" ]
  }

  # Compare two runs, and distinguish a change from noise
  export extern "redis-doctor compare" [
    --fail-on: string@"nu-complete redis-doctor compare fail_on" # Exit 2 if a figure changes by more than this (repeatable)
    --force                   # Compare runs with different workloads, too
    --format: string@"nu-complete redis-doctor compare format" # Result format [default: that of the name of --output, or text]
    --output(-o): path        # Write the report to this file, - for stdout
    --quiet(-q)               # Print only the report, no events or progress
    --color: string@"nu-complete redis-doctor compare color" # When to use color
    --help                    # Print long help (-h at the end: short help)
    --config: path            # Configuration file [default: ~/.config/redis-doctor/config.toml]
    before: path              # Journal or JSON report of the first run
    after: path               # Journal or JSON report of the second run
  ]

  def "nu-complete redis-doctor explain words" [] {
    [ "RD001" "RD002" "RD003" "RD004" "RD005" "RD006" "RD007" "RD008" "RD009" "RD010" "RD011" "RD012" "RD013" "RD014" "RD015" "RD016" "RD017" "RD018" "RD021" "RD022" "RD023" "RD024" "RD025" "RD026" "RD027" "RD028" "RD029" "RD030" "RD040" "RD041" "RD042" "RD043" "RD044" "RD045" "RD046" "RD047" "RD048" "RD049" "RD050" "RD051" "RD052" "RD053" "RD054" "RD055" "RD056" "RD057" "RD058" "RD059" "RD060" "RD061" "RD062" "RD063" "RD064" "RD065" "RD101" "RD102" "RD103" "RD104" "RD105" "RD106" "RD107" "RD108" "RD109" "RD110" "RD111" "RD112" "RD113" "RD114" "RD115" "RD116" "RD117" "RD118" "RD119" "RD120" "RD121" "RD122" "RD123" "RD124" "RD125" "RD126" "RD127" "RD128" "RD129" "RD130" "RD131" "RD132" "RD133" "RD134" "RD135" "RD136" "RD137" "RD138" "RD139" "RD140" "RD141" "RD142" "RD143" "RD144" "RD145" "RD146" "RD147" "RD148" "RD149" "RD150" "RD151" "RD152" "RD153" "RD154" "RD155" "RD156" "RD157" "RD158" "RD160" "RD161" "RD162" "RD163" "RD164" "RD165" "RD170" "RD171" "RD172" "RD173" "RD174" "RD175" "RD176" "RD177" "RD180" "RD181" "RD182" "RD183" "RD184" "RD185" "RD186" "RD187" "RD188" "RD190" "RD191" "RD192" "RD193" "RD205" "RD206" "RD207" "RD210" "RD211" "RD224" "RD225" "RD230" "RD231" "RD232" "RD233" "RD234" "RD235" "RD236" "RD237" "RD238" "RD239" "aborted" "accept_queue_full" "address_in_use" "address_moved" "address_not_available" "aof_trouble" "ask" "authentication_changed" "aws-ec-cowr" "aws-ec-dns" "aws-ec-fo" "aws-ec-ka" "aws-ec-max" "aws-ec-test" "aws-ec-timeout" "aws-ec2-ct" "aws-gwlb" "aws-iam" "aws-natgw" "aws-nlb" "aws-nlb-nitro6" "aws-nlb-rst" "az-lb" "az-linux" "az-redis" "bad_url" "became_replica" "blind_connection" "blocking_command" "broken_pipe_kernel" "busy" "bytes_in_doubt" "certificate_expired" "certificate_expires" "certificate_not_checked" "cli-lib" "client_certificate" "client_closed" "client_evicted" "client_killed" "client_not_reading" "client_stall" "client_threads_busy" "clients_paused" "close_wait" "cluster_address" "cluster_client_stays_broken" "cluster_mode_mismatch" "cluster_node_not_examined" "cluster_node_refuses" "cluster_unreachable" "clusterdown" "connect_failed" "connect_timeout" "connected_to_replica" "connected_to_sentinel" "connection_age_limit" "connection_closed" "connections_lost" "conntrack_nearly_full" "crossslot" "dataset_damaged" "dead" "delayed_fsync" "desync" "dns" "dns_moved" "docker-restart" "duplicated_or_reordered" "ended_unnoticed" "envoy" "execabort" "exhausted" "failed_attempts" "failover" "finite_retry_budget" "flooded" "fork_stall" "gcp-mem" "gcp-nat" "gcp-vpc" "ghost_client" "half_open" "half_open_connection" "haproxy" "host_unreachable" "http_on_redis_port" "ibm-pgw" "ipvs" "kernel_timeout" "kube-backoff" "kube-probe" "kube-proxy" "loading" "local_ports_nearly_used_up" "long_blackout_possible" "lost_together" "masked" "masterdown" "max_clients" "maxclients" "memory_risk" "messages_lost_in_outage" "messages_lost_while_connected" "middlebox_idle_limit" "misconf" "monit" "moved" "mtu_black_hole" "near_maxclients" "near_output_buffer_limit" "network_reset" "network_unreachable" "nf-ct" "nginx" "no_keepalive" "no_password" "no_resp3" "noauth" "noperm" "noreplicas" "oci-lb" "oom" "other" "output_buffer_limit" "oversized_reply" "path_lost" "pinned" "planned_maintenance" "pool_exhausted" "ports" "protected_mode" "protocol_error" "protocol_garbage" "proxy_closed" "proxy_or_nat" "proxy_without_server" "query_buffer_limit" "r-cl" "r-cob" "r-evict" "r-ka" "r-max" "r-prot" "r-qbuf" "r-save" "r-sch" "r-sent" "r-timeout" "readonly" "refused" "regular" "replication_trouble" "reply_too_large" "reset" "resp3_unsupported" "response_timeout" "restart_loop" "retries_used_up" "retrying" "sentinels_disagree" "server_crashed" "server_error" "server_frozen" "server_idle_timeout" "server_keepalive" "server_loading" "server_restarted" "server_silent" "server_timeout_set" "several_addresses" "several_servers" "shared_connection" "slow_command" "slow_commands" "slow_disk" "slow_lookup" "slow_network" "slow_path" "slow_server" "socket_permission" "somaxconn" "stale_error" "subscriber_mode" "subscription_lost" "syn_unanswered" "systemd" "target_rejected" "tcp-ka" "tcp-r2" "tcp-syn" "tcp-ut" "thundering_herd" "tls" "tls_mismatch" "too_few_replicas" "too_many_open_files" "tryagain" "two_primaries" "unknown" "waiting_timeout" "wedged" "writes_gone" "wrongpass" ]
  }

  def "nu-complete redis-doctor explain format" [] {
    [ "text" "json" ]
  }

  def "nu-complete redis-doctor explain color" [] {
    [ "auto" "always" "never" ]
  }

  # Explain an error, cause or finding, and what to do (offline)
  export extern "redis-doctor explain" [
    --list                    # List all entries
    --format: string@"nu-complete redis-doctor explain format" # Output format
    --color: string@"nu-complete redis-doctor explain color" # When to use color
    --help                    # Print long help (-h at the end: short help)
    --config: path            # Configuration file [default: ~/.config/redis-doctor/config.toml]
    ...words: string@"nu-complete redis-doctor explain words" # Error, code, words or log lines; - reads stdin
  ]

  def "nu-complete redis-doctor completions shell" [] {
    [ "bash" "elvish" "fish" "nushell" "powershell" "zsh" ]
  }

  # Print a completion script for a shell
  export extern "redis-doctor completions" [
    --targets                 # Print the names of the targets, for the scripts
    --help                    # Print long help (-h at the end: short help)
    shell?: string@"nu-complete redis-doctor completions shell" # Shell to complete in
  ]

  def "nu-complete redis-doctor man command" [] {
    [ "check" "ping" "subscribe" "soak" "watch" "proxy" "drill" "idle" "trace" "wait" "report" "compare" "explain" "completions" "man" ]
  }

  # Print the manual page (roff)
  export extern "redis-doctor man" [
    --help                    # Print long help (-h at the end: short help)
    command?: string@"nu-complete redis-doctor man command" # Command to describe [default: the whole tool]
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "redis-doctor help" [
  ]

  # Check server, path and this machine once (the default command)
  export extern "redis-doctor help check" [
  ]

  # Send PINGs over one connection, one line per reply, like ping(8)
  export extern "redis-doctor help ping" [
  ]

  # Tail channels; show drops, resubscriptions and lost messages
  export extern "redis-doctor help subscribe" [
  ]

  # Hold connections for minutes or weeks and report every outage
  export extern "redis-doctor help soak" [
  ]

  # Show each change of a server, its role or address as it happens
  export extern "redis-doctor help watch" [
  ]

  # Run a fault proxy before a server, to test any application
  export extern "redis-doctor help proxy" [
  ]

  # Run each reconnect policy, or an application, through each fault
  export extern "redis-doctor help drill" [
  ]

  # Find the idle timeout of the path or server
  export extern "redis-doctor help idle" [
  ]

  # Examine the connections of running applications (Linux)
  export extern "redis-doctor help trace" [
  ]

  # Wait until a server is ready, a primary or a replica
  export extern "redis-doctor help wait" [
  ]

  # Rebuild a report from journals, including one cut off by a crash
  export extern "redis-doctor help report" [
  ]

  # Compare two runs, and distinguish a change from noise
  export extern "redis-doctor help compare" [
  ]

  # Explain an error, cause or finding, and what to do (offline)
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
