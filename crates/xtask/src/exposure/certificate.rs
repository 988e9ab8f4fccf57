//! A certificate that nobody vouches for.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};

use super::secret::{is_private, write_private};
use crate::failure::Failure;

const DAY: u64 = 24 * 60 * 60;

/// For how many days a certificate is good. Apple's browsers take none that is for much longer than two years, whoever vouches
/// for it.
const DAYS: u64 = 90;

/// For how many days it has to be good still, or another is made.
const SPARE: u64 = 2;

/// The files of a certificate.
#[derive(Debug)]
pub(super) struct Certificate {
    pub(super) chain: PathBuf,
    pub(super) key: PathBuf,
}

impl Certificate {
    /// One for these names: that of the last time, or, where it is for others or soon expires, a new one.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub(super) fn provide(folder: &Path, names: &[String]) -> Result<Self, Failure> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let it = Self { chain: folder.join("certificate.pem"), key: folder.join("certificate-key.pem") };
        let label = folder.join("certificate.txt");
        let is_there = it.chain.is_file() && is_private(&it.key);
        if is_there && fs::read_to_string(&label).is_ok_and(|text| is_good(&text, now, names)) {
            return Ok(it);
        }
        let failed = |error| Failure::new("could not make a certificate").with(error);
        let (chain, key) = sign(now, names).map_err(failed)?;
        // The label last: without it the files are not taken for each other's.
        match fs::remove_file(&label) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::io("remove", &label, &error));
            }
            Ok(()) | Err(_) => {}
        }
        write_private(&it.key, &key)?;
        write_private(&it.chain, &chain)?;
        write_private(&label, &written(now + DAYS * DAY, names))?;
        Ok(it)
    }
}

/// What is written beside a certificate: when it expires, in seconds since 1970, and its names.
fn written(expires: u64, names: &[String]) -> String {
    format!("{expires}\n{}\n", names.join("\n"))
}

fn is_good(label: &str, now: u64, names: &[String]) -> bool {
    let Some((expires, rest)) = label.split_once('\n') else { return false };
    expires.parse::<u64>().is_ok_and(|expires| expires > now + SPARE * DAY)
        && rest.lines().eq(names.iter().map(String::as_str))
}

/// A certificate for these names that is good from `now` on, which signs itself, and its key; in PEM.
fn sign(now: u64, names: &[String]) -> Result<(String, String), rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "lumencall demo");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let begin = date_time_ymd(1970, 1, 1);
    // The clocks of those who look at it differ.
    params.not_before = begin + Duration::from_secs(now.saturating_sub(DAY));
    params.not_after = begin + Duration::from_secs(now + DAYS * DAY);
    let key = KeyPair::generate()?;
    Ok((params.self_signed(&key)?.pem(), key.serialize_pem()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exposure::tests::Folder;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_certificate_is_kept_for_its_names_until_it_soon_expires() {
        let names = names(&["192.0.2.7", "localhost"]);
        let label = written(10 * DAY, &names);
        assert!(is_good(&label, 7 * DAY, &names));
        assert!(!is_good(&label, 9 * DAY, &names));
        assert!(!is_good(&label, 7 * DAY, &names[..1]));
        for broken in ["", "\n", "soon\n192.0.2.7\nlocalhost\n"] {
            assert!(!is_good(broken, 0, &names), "{broken}");
        }
    }

    #[test]
    fn the_next_run_has_the_same_one_and_another_name_has_another() {
        let folder = Folder::new();
        let read = |names: &[String]| {
            let it = Certificate::provide(folder.path(), names).unwrap();
            assert!(is_private(&it.key));
            let (chain, key) = (fs::read_to_string(it.chain).unwrap(), fs::read_to_string(it.key).unwrap());
            assert!(chain.starts_with("-----BEGIN CERTIFICATE-----") && key.contains("PRIVATE KEY"));
            (chain, key)
        };
        let one = names(&["192.0.2.7", "2001:db8::1", "localhost"]);
        let first = read(&one);
        assert_eq!(read(&one), first);
        let second = read(&names(&["192.0.2.8", "localhost"]));
        assert!(second.0 != first.0 && second.1 != first.1);
    }

    #[test]
    fn a_key_that_others_could_read_is_not_used_again() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = Folder::new();
        let names = names(&["localhost"]);
        let it = Certificate::provide(folder.path(), &names).unwrap();
        let first = fs::read_to_string(&it.key).unwrap();
        fs::set_permissions(&it.key, fs::Permissions::from_mode(0o640)).unwrap();
        let it = Certificate::provide(folder.path(), &names).unwrap();
        assert_ne!(fs::read_to_string(&it.key).unwrap(), first);
    }
}
