//! The scenarios and their bounds.

use lumencall_core::machine::{Device, Dialect, Origin, Rules};
use lumencall_core::wire::ConnectionState;
use lumencall_core::{DeviceId, UserId};

use super::Goal;

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
    Rules { ring_timeout: 8, setup_timeout: 2, answer_timeout: 12, reconnect_timeout: 5, ..Rules::default() }
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
    all
}
