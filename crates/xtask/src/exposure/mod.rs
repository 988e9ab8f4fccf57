//! The demo for other machines: by https, and for those who have a link.

mod addresses;
mod certificate;
mod secret;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use self::addresses::{names, origin};
use self::certificate::Certificate;
use crate::failure::Failure;
use crate::process;
use crate::server::Trust;
use crate::workspace::Workspace;

/// Who may call each other.
const USERS: [&str; 4] = ["alice", "bob", "carol", "dave"];

/// How long a link is good.
pub(crate) const TTL: &str = "12h";

/// Where the demo is reached, and by what it is known and knows its users. What is secret is in files of this user alone, and
/// stays the same in the next run: a browser that was told to trust the certificate does so again.
#[derive(Debug)]
pub(crate) struct Exposure {
    /// The first is the one that links name.
    origins: Vec<String>,
    certificate: Certificate,
    secret: PathBuf,
}

impl Exposure {
    /// For a server that listens at `address`.
    ///
    /// # Errors
    /// When this machine's addresses cannot be listed, or the files cannot be written.
    pub(crate) fn at(workspace: &Workspace, address: SocketAddr) -> Result<Self, Failure> {
        let names = names(address.ip(), &addresses::own()?);
        let origins = names.iter().map(|name| origin(name, address.port())).collect();
        let folder = workspace.scratch("demo");
        let certificate = Certificate::provide(&folder, &names)?;
        let secret = secret::provide(&folder.join("secret"))?;
        Ok(Self { origins, certificate, secret })
    }

    /// Whom the server is to believe, and by which certificate it is known.
    pub(crate) fn trust(&self) -> Trust {
        let files = [
            ("--key", &self.secret),
            ("--tls-cert", &self.certificate.chain),
            ("--tls-key", &self.certificate.key),
        ];
        let files = files.into_iter().flat_map(|(option, path)| [OsString::from(option), path.into()]);
        let origins = self.origins.iter().flat_map(|origin| ["--allow-origin".into(), origin.into()]);
        Trust::Tokens(files.chain(origins).collect())
    }

    /// The origin in the links, and the others by which the server is reached.
    pub(crate) fn origins(&self) -> (&str, &[String]) {
        // There is one at least: a server listens at an address, or on a machine that is its own localhost.
        self.origins.split_first().map_or(("", &[]), |(first, others)| (first, others))
    }

    /// A link for each user. `program` is the server, which makes tokens too.
    ///
    /// # Errors
    /// When it makes none.
    pub(crate) fn links(&self, program: &Path) -> Result<Vec<(&'static str, String)>, Failure> {
        let link = |user| {
            let mut token = Command::new(program);
            token.args(["token", "--user", user, "--ttl", TTL, "--key"]).arg(&self.secret);
            let token = process::capture(&mut token)?;
            Ok((user, link(self.origins().0, token.trim())))
        };
        USERS.into_iter().map(link).collect()
    }
}

/// The page at an origin, for who has this token. It stands behind the `#`, which no server is sent.
fn link(origin: &str, token: &str) -> String {
    format!("{origin}/#token={token}")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::{env, fs};

    use super::*;

    /// A folder of a test's own, removed when dropped.
    pub(super) struct Folder(PathBuf);

    impl Folder {
        pub(super) fn new() -> Self {
            static COUNT: AtomicU32 = AtomicU32::new(0);
            let n = COUNT.fetch_add(1, Ordering::Relaxed);
            let folder = env::temp_dir().join(format!("lumencall-xtask-{}-{n}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }

        pub(super) fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    fn exposure(origins: &[&str]) -> Exposure {
        let certificate = Certificate { chain: "cert.pem".into(), key: "key.pem".into() };
        Exposure {
            origins: origins.iter().map(|&origin| origin.to_owned()).collect(),
            certificate,
            secret: "secret".into(),
        }
    }

    #[test]
    fn the_server_is_told_of_its_files_and_of_every_origin() {
        let Trust::Tokens(options) = exposure(&["https://a:1", "https://localhost:1"]).trust() else {
            panic!("it would believe everybody");
        };
        let expected = "--key secret --tls-cert cert.pem --tls-key key.pem --allow-origin https://a:1 --allow-origin https://localhost:1";
        assert_eq!(options, expected.split(' ').collect::<Vec<_>>());
    }

    #[test]
    fn a_link_has_the_token_where_the_page_looks_for_it() {
        assert_eq!(link("https://192.0.2.1:8443", "a.b.c"), "https://192.0.2.1:8443/#token=a.b.c");
    }
}
