use super::*;

fn clock(mode: ClockMode, at: &str) -> SpaceClock {
    SpaceClock::new(&setting(mode, at)).unwrap()
}

fn setting(mode: ClockMode, at: &str) -> ClockSetting {
    ClockSetting { mode, at: Some(at.parse().unwrap()), step_ms: None }
}

fn shown(clock: &SpaceClock) -> String {
    clock.now().unwrap().to_string()
}

#[test]
fn a_frozen_clock_shows_one_time_until_it_is_moved() {
    let clock = clock(ClockMode::Frozen, "2026-03-02T09:00:00Z");
    assert_eq!(clock.tick(), clock.tick());
    assert_eq!(shown(&clock), "2026-03-02T09:00:00Z");
    clock.advance("PT90M").unwrap();
    assert_eq!(shown(&clock), "2026-03-02T10:30:00Z");
    clock.advance("P1M").unwrap();
    assert_eq!(shown(&clock), "2026-04-02T10:30:00Z");
}

#[test]
fn each_request_moves_a_stepping_clock_by_a_step() {
    let clock = clock(ClockMode::Stepping, "2026-03-02T09:00:00Z");
    let ticks: Vec<_> = (0..3).map(|_| clock.tick().as_millis() % 1000).collect();
    assert_eq!(ticks, [0, 1, 2]);
    assert_eq!(shown(&clock), "2026-03-02T09:00:00.003Z", "a look does not move it");
}

#[test]
fn a_running_clock_passes_as_the_time_of_the_machine() {
    let clock = clock(ClockMode::Running, "2030-01-01T00:00:00Z");
    let first = clock.tick();
    let second = clock.tick();
    assert!(second >= first && second < first + Duration::from_mins(1));
    assert!(shown(&clock).starts_with("2030-01-01T00:0"));
}

#[test]
fn the_time_goes_back_only_when_the_space_is_reset() {
    let clock = clock(ClockMode::Frozen, "2026-03-02T09:00:00Z");
    let earlier = setting(ClockMode::Frozen, "2026-03-02T08:59:59Z");
    assert_eq!(clock.set(&earlier), Err(ClockError::Back));
    assert_eq!(clock.advance("-PT1S"), Err(ClockError::Back));
    assert_eq!(shown(&clock), "2026-03-02T09:00:00Z");
    clock.restart(&earlier).unwrap();
    assert_eq!(shown(&clock), "2026-03-02T08:59:59Z");
}

#[test]
fn a_clock_goes_on_from_the_time_that_it_shows() {
    let clock = clock(ClockMode::Frozen, "2032-03-02T09:00:00Z");
    clock.set(&ClockSetting { mode: ClockMode::Stepping, at: None, step_ms: Some(500) }).unwrap();
    assert_eq!((clock.tick(), clock.tick()).0.as_secs(), 1_961_830_800);
    assert_eq!(shown(&clock), "2032-03-02T09:00:01Z");
    assert_eq!(clock.set(&ClockSetting::REAL), Err(ClockError::Back), "the machine has an earlier time");
}

#[test]
fn an_advance_of_the_real_clock_makes_it_run_ahead() {
    let clock = SpaceClock::new(&ClockSetting::REAL).unwrap();
    let before = clock.tick();
    clock.advance("PT1H").unwrap();
    assert!(clock.tick() >= before + Duration::from_hours(1));
    assert_eq!(clock.setting().mode, ClockMode::Running);
}

#[test]
fn a_wrong_setting_names_its_member() {
    let at = |text: &str| Some(text.parse().unwrap());
    for (mode, at, step_ms, member) in [
        (ClockMode::Real, at("2026-01-01T00:00:00Z"), None, "`at`"),
        (ClockMode::Frozen, at("1969-12-31T23:59:59Z"), None, "`at`"),
        (ClockMode::Running, at("2200-01-01T00:00:00Z"), None, "`at`"),
        (ClockMode::Stepping, None, Some(0), "`step_ms`"),
        (ClockMode::Stepping, None, Some(86_400_001), "`step_ms`"),
        (ClockMode::Frozen, None, Some(1), "`step_ms`"),
    ] {
        let error = SpaceClock::new(&ClockSetting { mode, at, step_ms }).unwrap_err();
        assert!(error.to_string().starts_with(member), "{error}");
    }
    let clock = clock(ClockMode::Frozen, "2026-03-02T09:00:00Z");
    for by in ["", "soon", "PT", &"1".repeat(65)] {
        assert_eq!(clock.advance(by), Err(ClockError::Length), "{by}");
    }
    let error = clock.advance("P8000Y").unwrap_err();
    assert!(error.to_string().starts_with("`by`"), "{error}");
}

#[test]
fn a_clock_cannot_be_moved_to_the_end_of_the_calendar_and_goes_on_where_it_is() {
    let clock = clock(ClockMode::Frozen, "2026-03-02T09:00:00Z");
    clock.advance("P173Y").unwrap();
    assert_eq!(clock.advance("P1Y"), Err(ClockError::TooFar));
    let late = setting(ClockMode::Frozen, "2200-01-01T00:00:00Z");
    assert_eq!(clock.set(&late), Err(ClockError::Range));
    assert_eq!(shown(&clock), "2199-03-02T09:00:00Z");
    // Requests move it on, and a scenario that fails brings it back to where it was.
    clock.set(&ClockSetting { mode: ClockMode::Stepping, at: None, step_ms: Some(86_400_000) }).unwrap();
    for _ in 0..400 {
        clock.tick();
    }
    assert_eq!(shown(&clock), "2200-04-06T09:00:00Z");
    clock.restart(&clock.setting()).unwrap();
    assert_eq!(shown(&clock), "2200-04-06T09:00:00Z");
    for _ in 0..3_000_000 {
        clock.tick();
    }
    assert_eq!(shown(&clock), "9999-12-30T22:00:00.999999Z", "there it stands");
    clock.set(&ClockSetting { mode: ClockMode::Frozen, at: None, step_ms: None }).unwrap();
}
