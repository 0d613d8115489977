"""Which addresses only this machine can reach: the demo, whose passwords are known to all, serves no others."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach the host; other names are not looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
