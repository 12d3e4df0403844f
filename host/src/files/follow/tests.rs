use std::fs::{File, FileTimes};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tracing::subscriber::DefaultGuard;

use super::super::take_over::REMINDER_INTERVAL;
use super::*;

/// The lines that this thread logs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn start() -> (Log, DefaultGuard) {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false);
        (log, tracing::subscriber::set_default(subscriber.finish()))
    }

    fn lines(&self, with: &str) -> usize {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| line.contains(with)).count()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Follows one text file, which can be used if it begins with "good". Sends every new text.
fn follow(file: PathBuf) -> (impl Future<Output = ()>, mpsc::UnboundedReceiver<String>) {
    let (send, taken) = mpsc::unbounded_channel();
    let path = file.clone();
    let read = move || {
        let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
        if text.starts_with("good") { Ok(text) } else { Err(format!("it says {text}")) }
    };
    let mut last = String::new();
    let followed = Followed { subject: "the file", files: vec![file], read };
    let follow = followed.follow(move |text: String| {
        let changed = text != last;
        if changed {
            last.clone_from(&text);
            send.send(text).unwrap();
        }
        changed
    });
    (follow, taken)
}

async fn next(taken: &mut mpsc::UnboundedReceiver<String>) -> String {
    timeout(Duration::from_secs(30), taken.recv()).await.expect("a change is noticed").unwrap()
}

/// Runs `test` while `follow` runs.
async fn beside(follow: impl Future<Output = ()>, test: impl Future<Output = ()>) {
    tokio::select! {
        () = follow => panic!("it follows for ever"),
        () = test => {}
    }
}

/// Writes a file that has the same modification time as all other files of this test.
fn write(file: &Path, text: &str) {
    fs::write(file, text).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let times = FileTimes::new().set_modified(time).set_accessed(time);
    File::options().write(true).open(file).unwrap().set_times(times).unwrap();
}

#[tokio::test]
async fn a_change_is_noticed_even_if_size_and_modification_time_stay_the_same() {
    type Swap = fn(&Path, &str);
    let ways: [(&str, Swap); 6] = [
        ("written in place, and its time set back, as cp -p does", |root, text| {
            write(&root.join("data/file"), text);
        }),
        ("renamed over it, as rsync -t does", |root, text| {
            write(&root.join("data/.file.new"), text);
            fs::rename(root.join("data/.file.new"), root.join("data/file")).unwrap();
        }),
        ("a link to the folder renamed over it, as Kubernetes does", |root, text| {
            fs::create_dir(root.join(text)).unwrap();
            write(&root.join(text).join("file"), text);
            symlink(text, root.join("data.new")).unwrap();
            fs::rename(root.join("data.new"), root.join("data")).unwrap();
        }),
        ("a link to the file in its place", |root, text| {
            write(&root.join(text), text);
            fs::remove_file(root.join("data/file")).unwrap();
            symlink(root.join(text), root.join("data/file")).unwrap();
        }),
        ("a hard link in its place", |root, text| {
            write(&root.join(text), text);
            fs::remove_file(root.join("data/file")).unwrap();
            fs::hard_link(root.join(text), root.join("data/file")).unwrap();
        }),
        ("removed, and made again", |root, text| {
            fs::remove_file(root.join("data/file")).unwrap();
            write(&root.join("data/file"), text);
        }),
    ];
    let folder = TempDir::new().unwrap();
    let root = folder.path().to_owned();
    fs::create_dir(root.join("first")).unwrap();
    symlink("first", root.join("data")).unwrap();
    write(&root.join("data/file"), "good first");
    let (follow, mut taken) = follow(root.join("data/file"));
    let swaps = async {
        assert_eq!(next(&mut taken).await, "good first");
        for (number, (way, swap)) in ways.iter().enumerate() {
            let text = format!("good {number:05}");
            swap(&root, &text);
            assert_eq!(next(&mut taken).await, text, "{way}");
        }
    };
    beside(follow, swaps).await;
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_tried_again_and_the_log_has_one_warning() {
    let (log, _guard) = Log::start();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "good").unwrap();
    let (follow, mut taken) = follow(file.clone());
    let change = async {
        assert_eq!(next(&mut taken).await, "good");
        fs::write(&file, "bad").unwrap();
        until(|| log.lines("it says bad") == 1).await;
        // Four more checks.
        tokio::time::sleep(4 * FOLLOW_INTERVAL).await;
        fs::write(&file, "good again").unwrap();
        assert_eq!(next(&mut taken).await, "good again");
        fs::remove_file(&file).unwrap();
        until(|| log.lines("No such file") == 1).await;
        fs::write(&file, "good again").unwrap();
        until(|| log.lines("can be used again, and did not change") == 1).await;
    };
    beside(follow, change).await;
    assert_eq!((log.lines(" WARN "), log.lines("took over a change")), (2, 2));
}

async fn until(mut done: impl FnMut() -> bool) {
    let waited = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(30), waited).await.expect("it happens");
}

#[tokio::test(start_paused = true)]
async fn a_file_system_that_hangs_is_logged_each_minute_and_blocks_nothing() {
    let (log, _guard) = Log::start();
    let (answer, hanging) = blocking::channel::<()>();
    let read = move || {
        let _ = hanging.recv();
        Ok::<_, String>("good")
    };
    let followed = Followed { subject: "the file", files: Vec::new(), read };
    let (send, mut taken) = mpsc::unbounded_channel();
    let follow = followed.follow(move |text| send.send(text).is_ok());
    let wait = async {
        tokio::time::sleep(PATIENCE + 3 * REMINDER_INTERVAL + PATIENCE).await;
        assert_eq!(log.lines("does not answer"), 4);
        tokio::time::resume();
        drop(answer);
        assert_eq!(taken.recv().await, Some("good"));
    };
    beside(follow, wait).await;
}
