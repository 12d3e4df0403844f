//! The age of a list of prices.

/// The date of a list, as `2026-11-26`.
pub fn date(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("const DATE: &str = \"")?;
    Some(rest.split_once('"')?.0)
}

/// Whether `today` is a year or more after `date`. `today` may have a time after its date.
pub fn is_over_a_year_old(date: &str, today: &str) -> bool {
    let (year, day) = date.split_once('-').expect("a date has hyphens");
    let next_year = year.parse::<u32>().expect("a year is a number") + 1;
    today >= format!("{next_year}-{day}").as_str()
}

#[test]
fn a_list_is_too_old_from_its_anniversary_on() {
    let date = date("/// The day.\npub(super) const DATE: &str = \"2026-11-26\";\n").unwrap();
    for (today, is_old) in [
        ("2026-11-27T10:00:00Z", false),
        ("2027-11-25T23:59:59Z", false),
        ("2027-11-26T00:00:00Z", true),
        ("2028-01-01T00:00:00Z", true),
    ] {
        assert_eq!(is_over_a_year_old(date, today), is_old, "{today}");
    }
}
