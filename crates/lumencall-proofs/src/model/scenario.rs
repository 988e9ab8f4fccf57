//! The scenarios and their bounds.

use lumencall_core::machine::{Device, Dialect, Origin, Rules};
use lumencall_core::wire::ConnectionState;
use lumencall_core::{DeviceId, UserId};

use super::{Goal, Sessions};

/// A small closed world.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// The devices.
    pub actors: Vec<Actor>,
    /// What clients do where it is possible.
    pub habits: Habits,
    /// The server's rules. Times are so small that their order is all that matters.
    pub rules: Rules,
    /// How many devices may be cut off.
    pub crashes: u8,
    /// How many commands of one device may be on their way.
    pub flight: usize,
    /// Whether what is sent to a client takes its time.
    pub lag: bool,
    /// Whether time may pass while a timer should have fired.
    pub late_timers: bool,
    /// How many nodes there are that apply `decide` by compare-and-set; none: one store behind one lock.
    pub nodes: usize,
    /// How sessions go on; without, a device that is cut off is gone.
    pub sessions: Option<Sessions>,
    /// Whether every command that is not legal is tried in every state.
    pub probes: bool,
    /// What has to be reached.
    pub goals: Vec<Goal>,
}

/// A device and its user's wishes.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Who.
    pub origin: Origin,
    /// Whether it is connected from the start.
    pub present: bool,
    /// Whether it may be cut off.
    pub may_be_cut: bool,
    /// What its user wants, each at most once.
    pub wishes: Vec<Wish>,
    /// To whom it offers, as soon as it is in a call.
    pub offers_to: Vec<UserId>,
}

/// What somebody wants.
#[derive(Clone, Debug)]
pub enum Wish {
    /// To call these, when in no call.
    Call(Vec<UserId>),
    /// To call these, whatever there is.
    Recall(Vec<UserId>),
    /// To add one to the call.
    Add(UserId),
    /// To remove one from it.
    Remove(UserId),
    /// To turn the microphone on or off.
    Toggle(bool),
}

/// What clients do where it is possible.
#[derive(Clone, Debug)]
pub struct Habits {
    /// Whether they decline.
    pub rejects: bool,
    /// Whether they hang up.
    pub hangs_up: bool,
    /// What they report of each connection, each once.
    pub reports: Vec<ConnectionState>,
    /// Whether they negotiate.
    pub signals: bool,
}

fn user(name: &str) -> UserId {
    UserId::new(name).expect("a name is an id")
}

fn users(names: &[&str]) -> Vec<UserId> {
    names.iter().copied().map(user).collect()
}

/// A device of the SDK, `user/device`.
fn actor(name: &str) -> Actor {
    let (owner, _) = name.split_once('/').unwrap_or((name, ""));
    let device = Device { id: DeviceId::new(name).expect("a name is an id"), dialect: Dialect::Sdk };
    Actor {
        origin: Origin { user: user(owner), device },
        present: true,
        may_be_cut: true,
        wishes: Vec::new(),
        offers_to: Vec::new(),
    }
}

impl Actor {
    fn wants(mut self, wish: Wish) -> Self {
        self.wishes.push(wish);
        self
    }

    fn calls(self, names: &[&str]) -> Self {
        self.wants(Wish::Call(users(names)))
    }

    fn recalls(self, names: &[&str]) -> Self {
        self.wants(Wish::Recall(users(names)))
    }

    fn adds(self, name: &str) -> Self {
        self.wants(Wish::Add(user(name)))
    }

    fn removes(self, name: &str) -> Self {
        self.wants(Wish::Remove(user(name)))
    }

    fn toggles(self, audio: bool) -> Self {
        self.wants(Wish::Toggle(audio))
    }

    fn offers(mut self, name: &str) -> Self {
        self.offers_to.push(user(name));
        self
    }

    fn late(mut self) -> Self {
        self.present = false;
        self
    }

    fn steady(mut self) -> Self {
        self.may_be_cut = false;
        self
    }

    /// Without the SDK.
    fn seed(mut self) -> Self {
        self.origin.device.dialect = Dialect::Seed;
        self
    }
}

/// Times of which no two sums of interest are the same.
fn rules() -> Rules {
    Rules {
        ring_timeout: 8,
        setup_timeout: 2,
        answer_timeout: 12,
        reconnect_timeout: 5,
        resume: 3,
        resume_in_call: 7,
        ..Rules::default()
    }
}

fn scenario(name: &'static str, actors: Vec<Actor>, goals: Vec<Goal>) -> Scenario {
    Scenario {
        name,
        actors,
        habits: Habits {
            rejects: true,
            hangs_up: true,
            reports: vec![ConnectionState::Connected],
            signals: false,
        },
        rules: rules(),
        crashes: 1,
        flight: 1,
        lag: false,
        late_timers: false,
        nodes: 0,
        sessions: None,
        probes: false,
        goals,
    }
}

/// All scenarios, within the small bounds or the large ones.
pub fn scenarios(large: bool) -> Vec<Scenario> {
    use ConnectionState::{Connected, Failed, Reconnecting};
    use Goal as G;
    let more = u8::from(large);
    let all_reports = vec![Connected, Reconnecting, Failed];
    let mut all = Vec::new();

    let goals =
        vec![G::Connected, G::Elsewhere, G::Completed, G::Rejected, G::Missed, G::Failed, G::Cancelled];
    let mut devices = scenario(
        "a caller, and two devices of a callee",
        vec![actor("alice/1").calls(&["bob"]), actor("bob/1"), actor("bob/2")],
        goals.clone(),
    );
    devices.crashes = 2;
    devices.probes = true;
    devices.late_timers = true;
    devices.flight = 1 + usize::from(large);
    devices.lag = large;
    all.push(devices.clone());

    let mut late = devices.clone();
    late.name = "a caller, a device of a callee, and one without the SDK that comes late";
    late.actors = vec![actor("alice/1").calls(&["bob"]), actor("bob/1"), actor("bob/2").late().seed()];
    late.habits.reports = all_reports.clone();
    late.goals.push(G::Reconnecting);
    late.lag = false;
    all.push(late);

    let mut signals = scenario(
        "what a caller and two devices of a callee say to one another",
        vec![
            actor("alice/1").calls(&["bob"]).offers("bob").toggles(false),
            actor("bob/1"),
            actor("bob/2").seed().steady(),
        ],
        vec![G::Connected, G::Elsewhere, G::Completed, G::Rejected, G::Missed, G::Failed, G::Cancelled],
    );
    signals.habits.signals = true;
    signals.probes = large;
    signals.flight = 1 + usize::from(large);
    all.push(signals);

    let mut group = scenario(
        "a caller and two callees",
        vec![actor("alice/1").calls(&["bob", "carol"]), actor("bob/1"), actor("carol/1").late()],
        vec![
            G::Connected,
            G::Three,
            G::Passed,
            G::Alone,
            G::Completed,
            G::Rejected,
            G::Missed,
            G::Failed,
            G::Cancelled,
        ],
    );
    group.crashes = 1 + more;
    group.flight = 1 + usize::from(large);
    all.push(group.clone());

    let mut failing = group;
    failing.name = "a caller and two callees, whose connections fail";
    failing.actors = vec![actor("alice/1").calls(&["bob", "carol"]), actor("bob/1"), actor("carol/1")];
    failing.habits = Habits { rejects: large, hangs_up: large, reports: vec![Failed], signals: false };
    failing.goals = vec![G::Three, G::Failed, G::Missed];
    if large {
        failing.goals.extend([G::Passed, G::Completed, G::Rejected, G::Cancelled]);
    }
    failing.crashes = more;
    all.push(failing);

    let mut glare = scenario(
        "glare: two who call one another, and call again",
        vec![
            actor("alice/1").calls(&["bob"]).recalls(&["bob"]),
            actor("bob/1").calls(&["alice"]),
            actor("bob/2").seed().steady(),
        ],
        vec![
            G::Met,
            G::Recalled,
            G::Connected,
            G::Elsewhere,
            G::Completed,
            G::Rejected,
            G::Missed,
            G::Failed,
            G::Cancelled,
        ],
    );
    glare.probes = large;
    all.push(glare);

    let mut offers = scenario(
        "glare: what one with the SDK and one without it say, who call one another",
        vec![
            actor("alice/1").calls(&["bob"]).offers("bob"),
            actor("bob/1").calls(&["alice"]).offers("alice").seed(),
        ],
        vec![G::Met, G::Connected, G::Completed, G::Rejected, G::Missed, G::Failed, G::Cancelled],
    );
    offers.habits.signals = true;
    offers.probes = large;
    offers.crashes = 1 + more;
    all.push(offers);

    let mut crossing = scenario(
        "two who call one callee, and a callee who calls one of them",
        vec![
            actor("alice/1").calls(&["bob"]),
            actor("carol/1").calls(&["bob"]),
            actor("bob/1").calls(&["alice", "carol"]),
        ],
        vec![G::Busy, G::Completed, G::Rejected, G::Missed, G::Failed, G::Cancelled],
    );
    crossing.crashes = more;
    crossing.habits.reports.clear();
    all.push(crossing);

    let mut joiner = scenario(
        "a group with a late joiner",
        vec![
            actor("alice/1").calls(&["bob"]).removes("carol").toggles(false),
            actor("bob/1").adds("carol"),
            actor("carol/1").steady(),
        ],
        vec![
            G::Connected,
            G::Three,
            G::Passed,
            G::Alone,
            G::Completed,
            G::Rejected,
            G::Missed,
            G::Failed,
            G::Cancelled,
        ],
    );
    joiner.probes = large;
    all.push(joiner.clone());

    let mut returns = joiner;
    returns.name = "a group whose joiner has no SDK, leaves and is invited again";
    returns.actors = vec![
        actor("alice/1").calls(&["bob"]).toggles(false).toggles(true).steady(),
        actor("bob/1").adds("carol").adds("carol").removes("alice").steady(),
        actor("carol/1").seed(),
    ];
    returns.probes = false;
    returns.crashes = more;
    returns.habits.reports = if large { vec![Connected] } else { Vec::new() };
    returns.goals.retain(|goal| large || !matches!(goal, G::Connected));
    returns.habits.rejects = large;
    returns.goals.retain(|goal| large || *goal != G::Rejected);
    all.push(returns);

    let mut nodes = scenario(
        "two nodes: a caller, and two devices of a callee",
        vec![actor("alice/1").calls(&["bob"]), actor("bob/1"), actor("bob/2").steady()],
        vec![
            G::Conflict,
            G::Twice,
            G::Connected,
            G::Elsewhere,
            G::Completed,
            G::Missed,
            G::Failed,
            G::Cancelled,
        ],
    );
    nodes.nodes = 2;
    nodes.habits.rejects = large;
    nodes.crashes = 1 + more;
    all.push(nodes.clone());

    let mut crossed = nodes;
    crossed.name = "two nodes: glare";
    crossed.actors = vec![actor("alice/1").calls(&["bob"]), actor("bob/1").calls(&["alice"])];
    crossed.crashes = more;
    crossed.flight = 1 + usize::from(large);
    crossed.goals = vec![G::Conflict, G::Met, G::Connected, G::Completed, G::Missed, G::Cancelled];
    all.push(crossed);
    all.extend(sessions(large));
    all
}

/// Mailboxes that hold whatever comes.
const ROOM: usize = 1000;

/// Devices that come back with the page that they had.
const RESUMES: Sessions = Sessions {
    frames: ROOM,
    resumes: true,
    reloads: false,
    says_so: false,
    restarts: 0,
    counts: true,
    longest: None,
};

/// Devices that come back with another page.
const RELOADS: Sessions = Sessions { resumes: false, reloads: true, says_so: true, ..RESUMES };

/// The scenarios in which sessions go on.
fn sessions(large: bool) -> Vec<Scenario> {
    use Goal as G;
    let more = u8::from(large);
    let mut all = Vec::new();

    let mut cut = scenario(
        "sessions: a caller and a callee, cut off and back in time",
        vec![actor("alice/1").calls(&["bob"]).offers("bob"), actor("bob/1")],
        vec![G::Resumed, G::Away, G::Connected, G::Completed, G::Rejected, G::Missed, G::Cancelled],
    );
    cut.habits.signals = true;
    cut.sessions = Some(Sessions { longest: Some(2), ..RESUMES });
    cut.crashes = 1 + more;
    all.push(cut.clone());

    let mut again = cut.clone();
    again.name = "sessions: clients that send again whatever was not answered";
    again.sessions = Some(Sessions { counts: false, longest: Some(2), ..RESUMES });
    again.habits.signals = large;
    all.push(again);

    let mut late = cut.clone();
    late.name = "sessions: a caller and a callee, cut off, and back in time or not";
    late.actors = vec![actor("alice/1").calls(&["bob"]), actor("bob/1")];
    late.habits.signals = false;
    late.sessions = Some(RESUMES);
    late.crashes = 2;
    late.late_timers = large;
    late.goals.extend([G::Failed, G::Unknown]);
    all.push(late.clone());

    let goals = vec![
        G::Told,
        G::Rejoined,
        G::Away,
        G::Connected,
        G::Reconnecting,
        G::Completed,
        G::Rejected,
        G::Missed,
        G::Failed,
        G::Cancelled,
    ];
    let mut callee = cut.clone();
    callee.name = "sessions: what a caller and a callee who is loaded anew say to one another";
    callee.actors[0].may_be_cut = false;
    callee.sessions = Some(Sessions { says_so: large, longest: Some(2), ..RELOADS });
    callee.crashes = 1;
    callee.habits.rejects = large;
    callee.goals = goals.clone();
    callee.goals.retain(|goal| large || *goal != G::Rejected);
    let mut caller = callee.clone();
    caller.name = "sessions: what a caller who is loaded anew and a callee say to one another";
    caller.actors[0].may_be_cut = true;
    caller.actors[1].may_be_cut = false;
    all.push(callee);
    all.push(caller);

    let mut anew = cut.clone();
    anew.name = "sessions: a caller and a callee, loaded anew in time or not";
    anew.actors = vec![actor("alice/1").calls(&["bob"]), actor("bob/1")];
    anew.habits.signals = false;
    anew.sessions = Some(RELOADS);
    anew.crashes = 1;
    anew.habits.reports = vec![ConnectionState::Connected, ConnectionState::Failed];
    anew.goals = goals.clone();
    anew.goals.push(G::Unknown);
    all.push(anew.clone());

    let mut both = anew.clone();
    both.name = "sessions: a caller and a callee, both loaded anew";
    both.sessions = Some(Sessions { says_so: large, longest: (!large).then_some(2), ..RELOADS });
    both.habits.rejects = large;
    both.habits.reports = vec![ConnectionState::Connected];
    both.crashes = 2;
    both.goals = goals;
    both.goals.push(G::BothRejoined);
    both.goals.retain(|goal| large || *goal != G::Rejected);
    all.push(both);

    let mut devices = late;
    devices.name = "sessions: a caller, and two devices of a callee, one cut off or loaded anew";
    devices.actors = vec![actor("alice/1").calls(&["bob"]).steady(), actor("bob/1"), actor("bob/2").steady()];
    devices.sessions = Some(Sessions { resumes: true, ..RELOADS });
    devices.crashes = 1 + more;
    devices.goals = anew.goals.clone();
    devices.goals.extend([G::Resumed, G::Elsewhere]);
    all.push(devices);

    let mut small = cut.clone();
    small.name = "sessions: mailboxes that hold two frames";
    small.sessions = Some(Sessions { frames: 2, ..RESUMES });
    small.actors = vec![actor("alice/1").calls(&["bob"]).toggles(false).toggles(true), actor("bob/1")];
    small.habits.signals = false;
    small.crashes = 1;
    small.habits.rejects = large;
    small.goals = anew.goals.clone();
    small.goals.push(G::Resumed);
    small.goals.retain(|goal| large || *goal != G::Rejected);
    all.push(small);

    let mut restart = cut.clone();
    restart.name = "sessions: a server that is started again";
    restart.actors = vec![actor("alice/1").calls(&["bob"]).calls(&["bob"]), actor("bob/1")];
    restart.habits.signals = false;
    restart.crashes = more;
    restart.sessions = Some(Sessions { restarts: 1, ..RESUMES });
    restart.goals =
        vec![G::Unknown, G::Connected, G::Completed, G::Rejected, G::Missed, G::Failed, G::Cancelled];
    all.push(restart);

    let mut group = anew.clone();
    group.name = "sessions: three in a call, one loaded anew";
    group.actors =
        vec![actor("alice/1").calls(&["bob", "carol"]).steady(), actor("bob/1"), actor("carol/1").steady()];
    group.habits = Habits { rejects: large, hangs_up: true, reports: Vec::new(), signals: false };
    group.sessions = Some(Sessions { says_so: large, longest: Some(2), ..RELOADS });
    group.goals =
        vec![G::Told, G::Rejoined, G::Away, G::Three, G::Missed, G::Failed, G::Completed, G::Cancelled];
    all.push(group);

    let mut mixed = anew;
    mixed.name = "sessions: one loaded anew who is in a call with one without the SDK";
    mixed.actors = vec![actor("alice/1").calls(&["bob"]).offers("bob"), actor("bob/1").seed().steady()];
    mixed.habits.signals = true;
    mixed.habits.reports = vec![ConnectionState::Connected];
    mixed.goals.retain(|goal| !matches!(goal, G::Reconnecting | G::Failed));
    all.push(mixed);
    all
}
