"""Whatever stands in a column, it is either refused by the name of the column or kept as it was meant."""

import json
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.policy import Profile, Sheet, take_profile
from mailstead.ground.model.policy_columns import (
    BY_FLAT,
    COLUMNS,
    Column,
    change,
    differences,
    dump_sheet,
    load_sheet,
    read_flat,
    read_grouped,
    write_flat,
    write_grouped,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
likely = (
    st.booleans()
    | st.integers(-2, 5000)
    | st.floats(-5, 50)
    | st.sampled_from(["reject", "tag", "accept", "", "off", "2048", "ed25519", "active", "From,To", "a@b.test", "::1"])
    | st.builds("{}/{}".format, st.integers(0, 99), st.integers(1, 99))
)
changes = st.dictionaries(st.sampled_from(COLUMNS), likely | json_values, max_size=12)


@given(changes)
def test_a_sheet_survives_both_of_its_forms_and_the_store(wanted: dict[Column, object]) -> None:
    sheet = Sheet()
    for column, value in wanted.items():
        with suppress(Invalid):
            sheet = change(sheet, {column: value})
    through_json = json.loads(json.dumps([write_flat(sheet), write_grouped(sheet)]))
    assert change(Sheet(), read_flat(through_json[0])) == sheet
    assert change(Sheet(), read_grouped(through_json[1])) == sheet
    assert load_sheet(dump_sheet(sheet)) == sheet
    assert not differences(sheet, sheet)


@given(st.sampled_from(COLUMNS), json_values)
def test_junk_is_invalid_and_named(column: Column, junk: object) -> None:
    try:
        sheet = change(Sheet(), {column: junk})
    except Invalid as refused:
        assert str(refused).startswith(column.group)
    else:
        assert set(differences(Sheet(), sheet)) <= {column}


@given(st.dictionaries(st.sampled_from([*BY_FLAT, "x", "spam"]) | st.text(max_size=10), json_values, max_size=4))
def test_names_are_known_or_refused(values: dict[str, object]) -> None:
    for read in (read_flat, read_grouped):
        with suppress(Invalid):
            assert set(read(values)) <= set(COLUMNS)


@given(changes, st.sampled_from(Profile))
def test_a_profile_chosen_twice_is_the_same(wanted: dict[Column, object], profile: Profile) -> None:
    sheet = Sheet()
    for column, value in wanted.items():
        with suppress(Invalid):
            sheet = change(sheet, {column: value})
    once = take_profile(sheet.policy, profile)
    assert take_profile(once, profile) == once
    assert once.dkim == sheet.policy.dkim
