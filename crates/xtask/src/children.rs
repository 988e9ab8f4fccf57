//! The processes that this program starts, none of which outlives it.
//!
//! Each child leads a process group of its own, so that a Ctrl-C in the terminal reaches this program alone, which then stops
//! its children in order. Browsers leave the group of whoever started them (chromedriver puts Chromium in another), so a
//! child is stopped with the whole tree of its descendants.

use std::collections::HashMap;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use std::{fs, io, process};

use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::failure::Failure;

/// How long a process may take to obey SIGTERM before SIGKILL.
const GRACE: Duration = Duration::from_secs(5);

/// Exit status of a program that a SIGINT ended, as shells report it.
const INTERRUPTED: i32 = 130;

/// The children that run now. The lock is taken to start one, to end one, and by the interrupt handler, which keeps it until
/// the program exits: after an interrupt nothing starts any more.
static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

fn running() -> MutexGuard<'static, Vec<Pid>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A child process that is stopped, with all it started, when this value is dropped.
#[derive(Debug)]
pub(crate) struct Owned {
    child: Child,
    pid: Pid,
    ended: Option<ExitStatus>,
}

impl Owned {
    /// Starts `command` without standard input.
    ///
    /// # Errors
    /// Whatever the operating system says, for instance that there is no such program.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<Self> {
        let mut running = running();
        let child = command.stdin(Stdio::null()).process_group(0).spawn()?;
        // A process id always fits: `pid_t` is an `i32`.
        let pid = Pid::from_raw(child.id() as i32);
        running.push(pid);
        Ok(Self { child, pid, ended: None })
    }

    /// The child itself, to take its pipes.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Its exit status, if it has ended.
    pub(crate) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait()?;
        }
        Ok(self.ended)
    }

    /// Waits for it to end, `limit` at most; `None` means that it still runs.
    pub(crate) fn wait(&mut self, limit: Option<Duration>) -> io::Result<Option<ExitStatus>> {
        let deadline = limit.map(|limit| Instant::now() + limit);
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(status) = self.try_wait()? {
                return Ok(Some(status));
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(None);
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if self.ended.is_none() {
            stop(&[self.pid]);
        }
        // Reaps it; an error means that it is reaped already.
        let _ = self.child.wait();
        running().retain(|pid| *pid != self.pid);
    }
}

/// Makes Ctrl-C, SIGTERM and SIGHUP stop every child before this program ends.
///
/// # Errors
/// When the handler cannot be installed.
pub(crate) fn stop_on_interrupt() -> Result<(), Failure> {
    ctrlc::set_handler(|| {
        let running = running();
        stop(&running);
        stop_strays();
        process::exit(INTERRUPTED)
    })
    .map_err(|error| Failure::new("could not listen for Ctrl-C").with(error))
}

/// From now on a descendant whose parent dies becomes a child of this program, so that [`stop_strays`] finds it. For the
/// parts that start browsers: a driver that crashes leaves its browser behind.
pub(crate) fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    // Without it a stray may stay; nothing else is lost.
    let _ = nix::sys::prctl::set_child_subreaper(true);
}

/// Ends every descendant of this program that is left. Only for when no [`Owned`] is in use.
pub(crate) fn stop_strays() {
    stop_each(&descendants(&parents(), Pid::this()));
    // Those adopted are reaped here, since in a container there may be nobody who reaps after this program.
    while waitpid(None, Some(WaitPidFlag::WNOHANG)).is_ok_and(|status| status != WaitStatus::StillAlive) {}
}

fn stop(roots: &[Pid]) {
    let parents = parents();
    let mut all: Vec<Pid> = roots.to_vec();
    for root in roots {
        all.extend(descendants(&parents, *root));
        // The group, too: where there is no /proc it is all that is known. It fails when the group is empty.
        let _ = killpg(*root, Signal::SIGTERM);
    }
    stop_each(&all);
    for root in roots {
        let _ = killpg(*root, Signal::SIGKILL);
    }
}

fn stop_each(pids: &[Pid]) {
    // Signals fail for those that have ended meanwhile, which is what is wanted.
    for pid in pids {
        let _ = kill(*pid, Signal::SIGTERM);
    }
    let deadline = Instant::now() + GRACE;
    while pids.iter().any(|pid| is_alive(*pid)) && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(20));
    }
    for pid in pids.iter().filter(|pid| is_alive(**pid)) {
        let _ = kill(*pid, Signal::SIGKILL);
    }
}

/// A zombie counts as dead: it only waits for its parent.
fn is_alive(pid: Pid) -> bool {
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => parse_stat(&stat).is_some_and(|(_, state, _)| state != 'Z'),
        Err(_) if cfg!(target_os = "linux") => false,
        Err(_) => kill(pid, None).is_ok(),
    }
}

/// The parent of every process, from /proc; empty where there is none.
fn parents() -> HashMap<Pid, Pid> {
    let Ok(entries) = fs::read_dir("/proc") else { return HashMap::new() };
    entries
        .flatten()
        .filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok())
        .filter_map(|stat| parse_stat(&stat).map(|(pid, _, parent)| (pid, parent)))
        .collect()
}

fn descendants(parents: &HashMap<Pid, Pid>, root: Pid) -> Vec<Pid> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(parents.iter().filter(|(_, p)| **p == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.split_off(1)
}

/// Process id, state and parent of a line of /proc/PID/stat (proc(5)). The command's name in parentheses may itself hold
/// spaces and parentheses, so the fields after it are counted from the last one.
fn parse_stat(stat: &str) -> Option<(Pid, char, Pid)> {
    let pid = stat.split(' ').next()?.parse().ok()?;
    let mut rest = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = rest.next()?.chars().next()?;
    let parent = rest.next()?.parse().ok()?;
    Some((Pid::from_raw(pid), state, Pid::from_raw(parent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_name_with_parentheses_does_not_hide_the_parent() {
        let stat = "42 (a) b (c) S 7 42 42 0 -1 4194304";
        assert_eq!(parse_stat(stat), Some((Pid::from_raw(42), 'S', Pid::from_raw(7))));
        assert_eq!(parse_stat("nonsense"), None);
    }

    #[test]
    fn a_tree_is_found_to_its_leaves() {
        let pid = Pid::from_raw;
        let parents =
            [(2, 1), (3, 2), (4, 3), (5, 1)].map(|(child, parent)| (pid(child), pid(parent))).into();
        let mut found = descendants(&parents, pid(2));
        found.sort();
        assert_eq!(found, [pid(3), pid(4)]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_dropped_child_takes_a_grandchild_in_another_group_with_it() {
        // `set -m` gives the background job a group of its own, as chromedriver does with Chromium.
        let mut command = Command::new("bash");
        command.args(["-c", "set -m; sleep 1000 & echo $!; wait"]).stdout(Stdio::piped());
        let mut owned = Owned::spawn(&mut command).unwrap();
        let mut line = String::new();
        let stdout = owned.child().stdout.take().unwrap();
        io::BufRead::read_line(&mut io::BufReader::new(stdout), &mut line).unwrap();
        let grandchild = Pid::from_raw(line.trim().parse().unwrap());
        assert!(is_alive(grandchild));
        drop(owned);
        assert!(!is_alive(grandchild));
    }
}
