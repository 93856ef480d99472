//! The operating system account that PostgreSQL runs as.
//!
//! PostgreSQL refuses to run as root. Started as root it runs as the owner of the existing data, else as
//! `postgres`, else as `nobody`; started as anybody else it runs as the caller.

use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Uid, User};

use crate::error::Error;

/// Accounts that root switches to, the first that exists.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// Execute bits of a directory's mode for its owner, its group and everybody else: the right to pass it.
const PASS_BITS: [u32; 3] = [0o100, 0o010, 0o001];

/// Who PostgreSQL runs as.
#[derive(Debug)]
pub(crate) enum Account {
    /// The caller, who is not root.
    Caller,
    /// Another one, because the caller is root.
    Other(User),
}

impl Account {
    /// Chooses the account for `data`, which may not exist yet.
    ///
    /// # Errors
    /// [`Error::ForeignData`] when that is somebody else's or root's, [`Error::AccountMissing`].
    pub(crate) fn choose(data: &Path) -> Result<Self, Error> {
        let caller = Uid::effective();
        let owner = std::fs::metadata(data).ok().map(|metadata| Uid::from_raw(metadata.uid()));
        let foreign = |owner: Uid| Error::ForeignData { data: data.to_owned(), owner: owner.as_raw() };
        match owner {
            Some(owner) if caller.is_root() => match User::from_uid(owner) {
                Ok(Some(user)) if !owner.is_root() => Ok(Self::Other(user)),
                _ => Err(foreign(owner)),
            },
            None if caller.is_root() => UNPRIVILEGED
                .iter()
                .find_map(|name| User::from_name(name).ok().flatten())
                .map(Self::Other)
                .ok_or(Error::AccountMissing),
            Some(owner) if owner != caller => Err(foreign(owner)),
            _ => Ok(Self::Caller),
        }
    }

    /// Makes `command` run as this account; the standard library drops root's extra groups too.
    pub(crate) fn apply(&self, command: &mut Command) {
        if let Self::Other(user) = self {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
    }

    /// Gives `path`, which the caller just made, to this account.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn take(&self, path: &Path) -> Result<(), Error> {
        let Self::Other(user) = self else { return Ok(()) };
        std::os::unix::fs::chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))
            .map_err(Error::io("change the owner of", path))
    }

    /// Checks that this account may pass `dir` and every directory above it.
    ///
    /// # Errors
    /// [`Error::AncestorClosed`] names the outermost that is closed.
    pub(crate) fn check_passage(&self, dir: &Path) -> Result<(), Error> {
        let Self::Other(user) = self else { return Ok(()) };
        match closed_directory(dir, user) {
            Some(closed) => Err(Error::AncestorClosed { dir: closed.to_owned(), account: user.name.clone() }),
            None => Ok(()),
        }
    }
}

/// The outermost directory on the way to and including `dir` that `user`, in no other group, may not pass.
fn closed_directory<'a>(dir: &'a Path, user: &User) -> Option<&'a Path> {
    let closed = |dir: &&Path| {
        let Ok(metadata) = std::fs::metadata(dir) else { return false };
        let [owner, group, others] = PASS_BITS;
        let bit = if metadata.uid() == user.uid.as_raw() {
            owner
        } else if metadata.gid() == user.gid.as_raw() {
            group
        } else {
            others
        };
        metadata.mode() & bit == 0
    };
    dir.ancestors().filter(closed).last()
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, create_dir_all, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    use nix::unistd::{Gid, Uid, User};

    use super::closed_directory;

    fn user(uid: u32, gid: u32) -> User {
        User {
            uid: Uid::from_raw(uid),
            gid: Gid::from_raw(gid),
            ..User::from_uid(Uid::current()).unwrap().unwrap()
        }
    }

    #[test]
    fn the_outermost_directory_that_an_account_may_not_pass_is_named() {
        let temp = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().unwrap();
        let outer = temp.path().join("outer");
        let inner = outer.join("inner");
        create_dir_all(&inner).unwrap();
        set_permissions(&inner, Permissions::from_mode(0o700)).unwrap();
        set_permissions(&outer, Permissions::from_mode(0o750)).unwrap();
        let (owner, group) = (Uid::current().as_raw(), nix::unistd::getgid().as_raw());
        let (stranger, strangers) = (owner + 4321, group + 4321);

        assert_eq!(closed_directory(&inner, &user(owner, strangers)), None);
        assert_eq!(closed_directory(&inner, &user(stranger, group)), Some(inner.as_path()));
        assert_eq!(closed_directory(&inner, &user(stranger, strangers)), Some(outer.as_path()));
    }
}
