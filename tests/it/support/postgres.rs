//! A PostgreSQL of this test binary's own: made in a temporary folder, reached over a socket in it and nothing else, and gone
//! with the process, however that ends.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

/// A server that runs.
#[derive(Debug)]
pub(crate) struct TestServer {
    folder: PathBuf,
    bin: PathBuf,
    port: u16,
    keeper: Mutex<Keeper>,
    names: AtomicU32,
}

/// Who runs a server, and ends it when this process closes its pipe.
#[derive(Debug)]
struct Keeper {
    process: Child,
    says: BufReader<ChildStdout>,
}

/// The server; `None` where no PostgreSQL is installed, which is told once, and is an error where `TEST_POSTGRES=required`.
pub(crate) fn get() -> Option<&'static TestServer> {
    static SERVER: OnceLock<Option<TestServer>> = OnceLock::new();
    SERVER.get_or_init(|| Some(Folder::new()?.start(DEFAULT_PORT, ""))).as_ref()
}

/// Another one, which is reached over TLS on loopback as well, with this certificate and its key; and its port.
#[allow(dead_code, reason = "not every binary looks at certificates")]
pub(crate) fn over_tls([certificate, key]: [String; 2]) -> Option<(TestServer, u16)> {
    let folder = Folder::new()?;
    folder.write("server.crt", &certificate);
    folder.write("server.key", &key);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let path = folder.path.display();
    let options = format!(
        "-c ssl=on -c ssl_cert_file={path}/server.crt -c ssl_key_file={path}/server.key -c listen_addresses=127.0.0.1"
    );
    Some((folder.start(port, &options), port))
}

impl TestServer {
    /// One that nobody else uses, so that it may [crash](Self::crash); `None` where no PostgreSQL is installed.
    #[allow(dead_code, reason = "not every binary lets it crash")]
    pub(crate) fn of_its_own() -> Option<Self> {
        Some(Folder::new()?.start(DEFAULT_PORT, ""))
    }

    /// Ends it as if the machine had been turned off, and starts it again after a while.
    #[allow(dead_code, reason = "not every binary lets it crash")]
    pub(crate) fn crash(&self, down: Duration) {
        let mut keeper = self.keeper.lock().unwrap();
        writeln!(keeper.process.stdin.as_mut().unwrap(), "{}", down.as_secs_f64()).unwrap();
        keeper.wait_until_ready(&self.folder);
    }

    /// The URL of its database.
    pub(crate) fn url(&self) -> String {
        format!("postgres:///postgres?host={}&port={}&user=crawler", self.folder.display(), self.port)
    }

    /// A name that no other crawl has.
    pub(crate) fn new_name(&self) -> String {
        format!("t{}", self.names.fetch_add(1, Ordering::Relaxed))
    }

    /// What is between two columns, and what stands for none, of what `psql` says.
    #[allow(dead_code, reason = "not every binary looks into the database")]
    pub(crate) const SEPARATOR: char = '|';
    #[allow(dead_code, reason = "not every binary looks into the database")]
    pub(crate) const NULL: &str = "\u{1}";

    /// What `psql` says to some SQL: one row a line.
    #[allow(dead_code, reason = "not every binary looks into the database")]
    pub(crate) fn psql(&self, sql: &str) -> String {
        self.try_psql(sql).unwrap_or_else(|said| panic!("{sql}: {said}"))
    }

    /// The same, which may fail.
    #[allow(dead_code, reason = "not every binary looks into the database")]
    pub(crate) fn try_psql(&self, sql: &str) -> Result<String, String> {
        let said = self.calling_psql(sql).output().unwrap();
        if said.status.success() {
            Ok(String::from_utf8(said.stdout).unwrap())
        } else {
            Err(String::from_utf8_lossy(&said.stderr).into_owned())
        }
    }

    /// Has `psql` say something, and does not wait for it: it ends with its connection.
    #[allow(dead_code, reason = "not every binary looks into the database")]
    pub(crate) fn spawn_psql(&self, sql: &str) {
        let mut psql = self.calling_psql(sql).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::spawn(move || psql.wait());
    }

    fn calling_psql(&self, sql: &str) -> Command {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-P",
            &format!("null={}", Self::NULL),
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "crawler",
            "-d",
            "postgres",
            "-c",
            sql,
        ]);
        psql.arg("-p").arg(self.port.to_string()).arg("-h").arg(&self.folder);
        psql
    }
}

/// Where a server will be, and who it will run as.
struct Folder {
    path: PathBuf,
    bin: PathBuf,
    /// User and group, where this process is root: PostgreSQL refuses to be.
    owner: Option<(u32, u32)>,
}

impl Folder {
    fn new() -> Option<Self> {
        let Some(bin) = installed() else {
            let problem = "there is no PostgreSQL (initdb): what needs one is not tested";
            assert!(env::var("TEST_POSTGRES").as_deref() != Ok("required"), "{problem}");
            // Around the harness, which keeps what a test prints that does not fail.
            let _ = writeln!(std::io::stderr(), "SKIPPED: {problem}");
            return None;
        };
        let path = tempfile::Builder::new().prefix("pg").tempdir().unwrap().keep();
        let folder = Self { owner: owner(&path), path, bin };
        folder.give(&folder.path);
        Some(folder)
    }

    fn give(&self, path: &Path) {
        if let Some((user, group)) = self.owner {
            chown(path, Some(user), Some(group)).unwrap();
        }
    }

    /// Writes a file that nobody else may read.
    #[allow(dead_code, reason = "not every binary looks at certificates")]
    fn write(&self, name: &str, text: &str) {
        let path = self.path.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        self.give(&path);
    }

    fn start(self, port: u16, options: &str) -> TestServer {
        let run_as = self.owner.map(|(user, group)| format!("setpriv --reuid={user} --regid={group} --clear-groups"));
        let mut keeper = Command::new("sh");
        keeper.arg("-c").arg(KEEPER).arg("sh").arg(&self.bin).arg(&self.path);
        keeper.args([run_as.unwrap_or_default(), port.to_string(), options.to_owned()]);
        let mut process = keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let says = BufReader::new(process.stdout.take().unwrap());
        let mut keeper = Keeper { process, says };
        keeper.wait_until_ready(&self.path);
        TestServer { folder: self.path, bin: self.bin, port, keeper: Mutex::new(keeper), names: AtomicU32::new(0) }
    }
}

impl Keeper {
    fn wait_until_ready(&mut self, folder: &Path) {
        let mut said = String::new();
        self.says.read_line(&mut said).unwrap();
        let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
        assert_eq!(said, "ready\n", "PostgreSQL did not start: {}", log());
    }
}

/// Where the programs of the newest PostgreSQL are, of those that are installed.
fn installed() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort_by_key(|bin| bin.parent()?.file_name()?.to_str()?.parse::<u32>().ok());
    folders.reverse();
    folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    folders.into_iter().find(|folder| folder.join("initdb").is_file())
}

/// Who a server in a folder of root's runs as.
fn owner(folder: &Path) -> Option<(u32, u32)> {
    if fs::metadata(folder).unwrap().uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let user = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map(|number| number.parse::<u32>().ok());
        Some((numbers.next()??, numbers.next()??))
    };
    Some(user("postgres").or_else(|| user("nobody")).unwrap())
}

const DEFAULT_PORT: u16 = 5432;
/// Makes a database, runs it until its input ends, and clears up. A line of its input ends it without any preparation, and says
/// for how many seconds. Nothing is flushed: no test turns the machine off.
const KEEPER: &str = r#"
bin=$1 dir=$2 as=$3 port=$4 options=$5
exec 2>"$dir/log"
$as "$bin/initdb" -D "$dir/data" -U crawler -A trust -E UTF8 --locale=C --no-sync >&2 </dev/null || exit
# Who is one of these needs a password.
{ echo 'local all +locked scram-sha-256'; cat "$dir/data/pg_hba.conf"; } >"$dir/hba"
cat "$dir/hba" >"$dir/data/pg_hba.conf"
start() {
    $as "$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c fsync=off -c full_page_writes=off \
        -c shared_buffers=32MB -c autovacuum_naptime=5s -c max_connections=60 -p "$port" $options >&2 </dev/null &
    pid=$!
    until "$bin/pg_isready" -q -h "$dir" -p "$port"; do kill -0 $pid || exit; sleep 0.05; done
    echo ready
}
start
while read -r seconds; do
    kill -QUIT $pid
    wait $pid
    sleep "$seconds"
    start
done
exec >&2
kill -QUIT $pid
wait $pid
rm -rf "$dir"
"#;
