# The formula of the tap. The release workflow fills in REPOSITORY, VERSION and SHA256 of the source archive.
class RedisDoctor < Formula
  desc "Connection doctor for Redis and Valkey"
  homepage "https://github.com/@REPOSITORY@"
  url "https://github.com/@REPOSITORY@/archive/refs/tags/v@VERSION@.tar.gz"
  sha256 "@SHA256@"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args
    generate_completions_from_executable(bin/"redis-doctor", "completions")
    (man1/"redis-doctor.1").write Utils.safe_popen_read(bin/"redis-doctor", "man")
    %w[check ping subscribe soak proxy drill idle wait watch trace report compare explain].each do |command|
      (man1/"redis-doctor-#{command}.1").write Utils.safe_popen_read(bin/"redis-doctor", "man", command)
    end
  end

  test do
    output = shell_output("#{bin}/redis-doctor ping --sandbox -c 3 -i 0.1")
    assert_match "3 sent, 3 answered", output
  end
end
