"""The arguments of `user.totp.*`."""

from mailstead.servers.control.args import Args, Change, Text


class TotpName(Args, frozen=True, kw_only=True):
    """`user.totp.status`."""

    name: Text


class TotpChange(Change, frozen=True, kw_only=True):
    """`user.totp.enroll`, `user.totp.remove`, `user.totp.recovery`."""

    name: Text


class TotpConfirm(TotpChange, frozen=True, kw_only=True):
    """`user.totp.confirm`."""

    code: Text
