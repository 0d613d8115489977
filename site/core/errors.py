"""What backups and restores refuse; each error carries one sentence for whoever runs the servers."""


class BackupError(Exception):
    """A backup or a restore that cannot be made; nothing has been changed that was not said to be changed."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(sentence)


class ToolMissing(BackupError):
    """PostgreSQL's own programs are not there, or older than the server."""


class ToolFailed(BackupError):
    """PostgreSQL's own program ended with an error."""


class DamagedBackup(BackupError):
    """The archive is not what its manifest says."""


class RestoreRefused(BackupError):
    """The place to restore into is not empty, or this release does not know the backup's."""


class RestoreDiffers(BackupError):
    """The restored rows are not those that were backed up."""
