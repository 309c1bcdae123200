"""The arguments of `filter.*`."""

from mailstead.servers.control.args import Args, Text


class FilterTest(Args, frozen=True, kw_only=True):
    """`filter.test`: one, or "" for all."""

    name: Text = ""
