module completions {

  # Connection doctor for Redis and Valkey: why a connection died, whether the client recovered, and what was lost
  export extern redis-doctor [
    --help                    # Print long help (-h at the end: short help)
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

  # Check server, path and this machine once (the default command)
  export extern "redis-doctor check" [
    --timeout(-t): string     # Stop after this long [default: 9s]
    --warning(-w): string     # Exit 1 (degraded) if PING takes longer, in ms
    --critical(-c): string    # Exit 2 (critical) if PING takes longer, in ms
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
    --askpass                 # Prompt for the password
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Client name of the connections, as in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor check protocol" # Protocol version [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port
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
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    -H: string                # Host name or IP address [default: 127.0.0.1]
    --help                    # Print long help (-h at the end: short help)
    ...servers: string        # Servers: a URL, HOST, HOST:PORT or [IPV6]:PORT [default: see -u]
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

  # Send PINGs over one connection, one line per reply, like ping(8)
  export extern "redis-doctor ping" [
    --count(-c): string       # Stop after this many PINGs [default: until a signal]
    -r: string                # Stop after this many PINGs [default: until a signal]
    --interval(-i): string    # Time between PINGs; 0 = back to back
    --deadline(-w): string    # Stop after this long [default: until a signal]
    --timeout(-W): string     # Timeout of a PING
    --payload: string         # Extra bytes in each PING, at most 16m
    --timestamps(-D)          # Print a Unix timestamp before each line, like ping -D
    --uri(-u): string         # Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]
    --targets: path           # Read servers from this file, - for stdin
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    --user: string            # ACL user [default: the server's default user]
    --askpass                 # Prompt for the password
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Client name of the connections, as in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor ping protocol" # Protocol version [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port
    --fault: string           # Inject a fault with a proxy before the server (repeatable)
    --incident: string        # Replay the faults of a known incident (repeatable)
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
    --output(-o): path        # Write the report to this file, - for stdout
    --quiet(-q)               # Print only the report, no events or progress
    --color: string@"nu-complete redis-doctor ping color" # When to use color
    --journal: path           # Append all events to this file as NDJSON
    --journal-max-size: string # Rename the journal to FILE.1 at this size
    --journal-reopen          # Do not end the run on SIGHUP, for logrotate
    --fail-on: string         # Exit 2 (critical) if this is true (repeatable)
    --warn-on: string         # Exit 1 (degraded) if this is true (repeatable)
    --exit-zero               # Always exit 0
    --no-evidence             # Gather no evidence about outages
    --seed: string            # Seed for all randomness [default: random; shown in the report]
    --format: string@"nu-complete redis-doctor ping format" # Report format
    --help                    # Print long help (-h at the end: short help)
    ...servers: string        # Servers: a URL, HOST, HOST:PORT or [IPV6]:PORT [default: see -u]
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
    --report-format: string@"nu-complete redis-doctor subscribe report_format" # Report format of --output [default: text]
    --uri(-u): string         # Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]
    --targets: path           # Read servers from this file, - for stdin
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    --user: string            # ACL user [default: the server's default user]
    --askpass                 # Prompt for the password
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Client name of the connections, as in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor subscribe protocol" # Protocol version [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port
    --fault: string           # Inject a fault with a proxy before the server (repeatable)
    --incident: string        # Replay the faults of a known incident (repeatable)
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
    --output(-o): path        # Write the report to this file, - for stdout
    --quiet(-q)               # Print only the report, no events or progress
    --color: string@"nu-complete redis-doctor subscribe color" # When to use color
    --journal: path           # Append all events to this file as NDJSON
    --journal-max-size: string # Rename the journal to FILE.1 at this size
    --journal-reopen          # Do not end the run on SIGHUP, for logrotate
    --fail-on: string         # Exit 2 (critical) if this is true (repeatable)
    --warn-on: string         # Exit 1 (degraded) if this is true (repeatable)
    --exit-zero               # Always exit 0
    --no-evidence             # Gather no evidence about outages
    --seed: string            # Seed for all randomness [default: random; shown in the report]
    --help                    # Print long help (-h at the end: short help)
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
    --stop-on-critical        # Stop when a connection cannot recover on its own
    --uri(-u): string         # Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]
    --targets: path           # Read servers from this file, - for stdin
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    --user: string            # ACL user [default: the server's default user]
    --askpass                 # Prompt for the password
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Client name of the connections, as in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor soak protocol" # Protocol version [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port
    --fault: string           # Inject a fault with a proxy before the server (repeatable)
    --incident: string        # Replay the faults of a known incident (repeatable)
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
    --output(-o): path        # Write the report to this file, - for stdout
    --quiet(-q)               # Print only the report, no events or progress
    --color: string@"nu-complete redis-doctor soak color" # When to use color
    --journal: path           # Append all events to this file as NDJSON
    --journal-max-size: string # Rename the journal to FILE.1 at this size
    --journal-reopen          # Do not end the run on SIGHUP, for logrotate
    --fail-on: string         # Exit 2 (critical) if this is true (repeatable)
    --warn-on: string         # Exit 1 (degraded) if this is true (repeatable)
    --exit-zero               # Always exit 0
    --no-evidence             # Gather no evidence about outages
    --seed: string            # Seed for all randomness [default: random; shown in the report]
    --format: string@"nu-complete redis-doctor soak format" # Report format
    --help                    # Print long help (-h at the end: short help)
    ...servers: string        # Servers: a URL, HOST, HOST:PORT or [IPV6]:PORT [default: see -u]
  ]

  def "nu-complete redis-doctor proxy format" [] {
    [ "text" "ndjson" ]
  }

  # Run a fault proxy before a server, to test any application
  export extern "redis-doctor proxy" [
    --listen: string          # Address to listen on; port 0 picks a free one
    --uri(-u): string         # URL of the server [env: REDIS_URL, VALKEY_URL]
    --sandbox                 # Use the embedded server
    --allow-remote            # Allow other machines to connect
    --no-control              # Take no orders on the wire
    --format: string@"nu-complete redis-doctor proxy format" # Event format
    --seed: string            # Seed for all randomness [default: random]
    --fault: string           # Inject a fault with a proxy before the server (repeatable)
    --incident: string        # Replay the faults of a known incident (repeatable)
    --help                    # Print long help (-h at the end: short help)
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

  # Run each reconnect policy through each fault
  export extern "redis-doctor drill" [
    --all                     # Run every case
    --case: string            # Cases to run, comma-separated
    --policy: string@"nu-complete redis-doctor drill policy" # Policies to test, comma-separated
    --must-survive: string@"nu-complete redis-doctor drill must_survive" # Exit 2 unless these policies survive every case
    --format: string@"nu-complete redis-doctor drill format" # Result format
    --output(-o): path        # Write the results to this file
    --quiet(-q)               # Print no progress
    --seed: string            # Seed for all randomness [default: random]
    --fault: string           # Inject a fault with a proxy before the server (repeatable)
    --incident: string        # Replay the faults of a known incident (repeatable)
    --uri(-u): string         # Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]
    --targets: path           # Read servers from this file, - for stdin
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    --user: string            # ACL user [default: the server's default user]
    --askpass                 # Prompt for the password
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Client name of the connections, as in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor drill protocol" # Protocol version [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port
    --help                    # Print long help (-h at the end: short help)
    ...servers: string        # Servers: a URL, HOST, HOST:PORT or [IPV6]:PORT [default: see -u]
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
    --max: string             # Longest limit to look for [default: 20m]
    --steps: string           # Number of silences to try in parallel, or a list
    --profile: string@"nu-complete redis-doctor idle profile" # Search closely around the common limits of a cloud
    --resolution: string      # Required precision of the limit [default: 2 %]
    --timeout(-W): string     # Timeout of the PING after a silence
    --must-survive: string    # Exit 2 (critical) unless connections survive this silence
    --format: string@"nu-complete redis-doctor idle format" # Result format
    --output(-o): path        # Write the result to this file, - for stdout
    --quiet(-q)               # Print only the result
    --seed: string            # Seed of the faults' randomness [default: random]
    --fault: string           # Inject a fault with a proxy before the server (repeatable)
    --incident: string        # Replay the faults of a known incident (repeatable)
    --uri(-u): string         # Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]
    --targets: path           # Read servers from this file, - for stdin
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    --user: string            # ACL user [default: the server's default user]
    --askpass                 # Prompt for the password
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Client name of the connections, as in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor idle protocol" # Protocol version [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port
    --help                    # Print long help (-h at the end: short help)
    ...servers: string        # Servers: a URL, HOST, HOST:PORT or [IPV6]:PORT [default: see -u]
  ]

  def "nu-complete redis-doctor wait wanted" [] {
    [ "ready" "primary" "replica" ]
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
    --uri(-u): string         # Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]
    --targets: path           # Read servers from this file, - for stdin
    --host(-h): string        # Host name or IP address [default: 127.0.0.1]
    --port(-p): string        # Port [default: 6379]
    --socket(-s): path        # Unix socket instead of host and port
    --db(-n): string          # Logical database [default: 0]
    --pass(-a): string        # Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    --user: string            # ACL user [default: the server's default user]
    --askpass                 # Prompt for the password
    --no-auth-warning         # Do not warn about a password on the command line
    --name: string            # Client name of the connections, as in CLIENT LIST
    --protocol: string@"nu-complete redis-doctor wait protocol" # Protocol version [default: resp3]
    --sandbox                 # Use the embedded server on a free loopback port
    --help                    # Print long help (-h at the end: short help)
    ...servers: string        # Servers: a URL, HOST, HOST:PORT or [IPV6]:PORT [default: see -u]
  ]

  def "nu-complete redis-doctor report format" [] {
    [ "text" "json" "ndjson" "csv" "openmetrics" "nagios" ]
  }

  def "nu-complete redis-doctor report color" [] {
    [ "auto" "always" "never" ]
  }

  # Rebuild a report from journals, including one cut off by a crash
  export extern "redis-doctor report" [
    --strict                  # Refuse a damaged line instead of skipping it
    --format: string@"nu-complete redis-doctor report format" # Report format
    --output(-o): path        # Write the report to this file, - for stdout
    --quiet(-q)               # Print only the report, no events or progress
    --color: string@"nu-complete redis-doctor report color" # When to use color
    --fail-on: string         # Exit 2 (critical) if this is true (repeatable)
    --warn-on: string         # Exit 1 (degraded) if this is true (repeatable)
    --exit-zero               # Always exit 0
    --help                    # Print long help (-h at the end: short help)
    ...files: path            # Journals to read; - is stdin
  ]

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
    ...words: string          # Error, code, words or log lines; - reads stdin
  ]

  def "nu-complete redis-doctor completions shell" [] {
    [ "bash" "elvish" "fish" "nushell" "powershell" "zsh" ]
  }

  # Print a completion script for a shell
  export extern "redis-doctor completions" [
    --help                    # Print long help (-h at the end: short help)
    shell: string@"nu-complete redis-doctor completions shell" # Shell to complete in
  ]

  # Print the manual page (roff)
  export extern "redis-doctor man" [
    --help                    # Print long help (-h at the end: short help)
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

  # Run a fault proxy before a server, to test any application
  export extern "redis-doctor help proxy" [
  ]

  # Run each reconnect policy through each fault
  export extern "redis-doctor help drill" [
  ]

  # Find the idle timeout of the path or server
  export extern "redis-doctor help idle" [
  ]

  # Wait until a server is ready, a primary or a replica
  export extern "redis-doctor help wait" [
  ]

  # Rebuild a report from journals, including one cut off by a crash
  export extern "redis-doctor help report" [
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
