"""The mail catcher: an SMTP server that delivers to nobody and keeps everything in a Maildir."""

import argparse
import asyncio
import mailbox
import signal
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from gkec.devstack.processes import entitle

LARGEST_MESSAGE_BYTES = 20_000_000


class MaildirHandler:
    """Keeps each message with the addresses it was sent to, which its own headers need not name."""

    def __init__(self, folder: Path) -> None:
        self.box = mailbox.Maildir(folder, create=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep one message (called by aiosmtpd); a full disk asks the sender to come back."""
        trace = f"Return-Path: <{envelope.mail_from or ''}>\r\n"
        trace += "".join(f"Delivered-To: {address}\r\n" for address in envelope.rcpt_tos)
        try:
            self.box.add(trace.encode("utf-8", "surrogateescape") + (envelope.original_content or b""))
        except OSError as problem:
            return f"452 4.3.1 {problem.strerror}"
        return "250 2.0.0 Kept"


async def serve(port: int, folder: Path) -> None:
    """Serve on 127.0.0.1 until asked to stop."""
    handler = MaildirHandler(folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, enable_SMTPUTF8=True, data_size_limit=LARGEST_MESSAGE_BYTES, loop=loop),
        host="127.0.0.1",
        port=port,
    )
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    print(f"catching mail on 127.0.0.1:{port} into {folder}", flush=True)
    async with server:
        await stop.wait()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--maildir", type=Path, required=True)
    arguments = parser.parse_args()
    entitle("mail")
    asyncio.run(serve(arguments.port, arguments.maildir))


if __name__ == "__main__":
    main()
