//! The codes of diagnostics. A number names a problem for ever; its letter is the severity.

macro_rules! codes {
    ($($name:ident = $number:literal, $title:literal;)*) => {
        /// What kind of problem a diagnostic is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $title] $name = $number,)*
        }

        impl Code {
            /// All of them, by number.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// What it is about, in a few words.
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)*
                }
            }
        }
    };
}

codes! {
    // The file and its YAML.
    Unreadable = 1, "the file cannot be read";
    TooLarge = 2, "the file is too large";
    NotText = 3, "the file is not UTF-8 text";
    Syntax = 4, "the file is not YAML, JSON or TOML";
    TooDeep = 5, "nested too deep";
    DuplicateKey = 6, "a key stands twice in a map";
    SecondDocument = 7, "more than one YAML document";
    Tag = 8, "a YAML tag that means nothing here";
    Version = 9, "the version is missing or wrong";
    UnknownKey = 10, "a key that does not exist";
    NotSupported = 11, "a feature that is not built yet";
    WrongType = 12, "a value of the wrong type";
    MissingKey = 13, "a key that has to be there";
    BadValue = 14, "a value that is not one of those allowed";
    BareTemplate = 15, "a template without quotes";
    BadQuantity = 16, "a duration, a size or a number of cores that is none";
    NoCommands = 17, "no commands";
    Pointless = 18, "a key that has no effect here";
    NotInSchema = 19, "something that does not fit the schema";

    // Names.
    BadName = 20, "a name that cannot be used";
    DuplicateName = 21, "two commands of one name";
    BadVariable = 22, "an environment variable that cannot be set";

    // What a command does.
    NothingToRun = 30, "not exactly one of `script` and `run`";
    TemplateInRun = 31, "a template in a shell script";
    TemplateInScript = 32, "a template where none can stand";
    UnknownShell = 33, "a shell that we do not know";
    MissingExecutable = 34, "an executable that this host does not have";
    BadArgument = 35, "an element of `args` that is none";
    BadTemplate = 36, "a text that is no template";
    UnknownParameter = 37, "a template that names an unknown parameter";
    UnusedParameter = 38, "a parameter that nothing uses";
    DanglingOption = 39, "an option that could lose its value";
    UnguardedValue = 40, "a value that could be taken for an option";
    FreeTextAsCode = 41, "a caller's text handed to an interpreter as code";
    SecretPlace = 42, "a secret where others can read it";
    UnknownSecret = 43, "a secret that is not declared";
    NoDescription = 44, "a command without a description";
    NotBoolean = 45, "a condition that is no boolean parameter";
    ListInWord = 46, "a list inside of a word";

    // Parameters.
    BadType = 50, "a type that JSON Schema does not have";
    NoItems = 51, "an array that does not say of what";
    BadDefault = 52, "a default that its own parameter refuses";
    Unanchored = 53, "a pattern that matches anywhere in a value";
    PathAnywhere = 54, "a path that may lead anywhere";
    MisplacedRule = 55, "a rule on a parameter that it cannot apply to";
    BadSchema = 56, "a schema that is not valid";

    // Settings.
    BadExitCode = 60, "an exit code that no process has";
    BadSecretSource = 61, "a secret without exactly one source";
    NoFolder = 62, "a folder that this host does not have";
    NoSecret = 63, "a secret that this host does not have";
    BadExpansion = 64, "`${…}` in a form that does not exist";
    MissingVariable = 65, "an environment variable that this host does not have";
    BadEnvFile = 66, "a file of variables that cannot be read";
    BadVar = 67, "a variable of the file that is none, or that is not declared";
    SecretOfScript = 68, "a secret that waits for another program";
    UnusedSecret = 69, "a secret that nothing uses";

    // Files of the original.
    Differs = 70, "where this program differs from the original on purpose";
    Coerced = 71, "a value that was read the way it was probably meant";

    // What works and is worth a second look.
    PlainSecret = 80, "a secret written in the file";
    Writable = 81, "a file that others can change";
    VerbName = 82, "a command of the name of a verb";
    AwkwardName = 83, "a name that some clients refuse";
    LongDescription = 84, "a description that is too long";
    InvisibleText = 85, "invisible characters in what a model reads";
    Allowance = 86, "an `allow` that allows nothing";
    Impatience = 87, "a timeout that is longer than some clients wait";
    Unexpanded = 88, "`${…}` where nothing expands it";

    // Files, profiles and flags put together.
    BadInclude = 90, "an `include` that leads to no file";
    NotInInclude = 91, "a key that only the root file may hold";
    UnknownProfile = 92, "a profile that does not exist";
    BadSet = 93, "a `--set` that leads nowhere";
    UnknownTag = 94, "a tag that no command has";
    UnknownTemplate = 95, "a template of commands that does not exist";
    TemplateCycle = 96, "templates that extend each other in a circle";
    Fixed = 97, "what a profile cannot change";
    TomlDate = 98, "a date in TOML";
    BadFolder = 99, "a folder that is no configuration";

    // Tests in the file.
    TestArguments = 100, "a test whose arguments its command refuses";
    BadExpectation = 101, "an expectation that cannot be met";
    DuplicateTest = 102, "two tests of one name";
    EmptyCheck = 103, "a check that always holds";
    PointlessMock = 104, "a mock where nothing would run";

    // HTTP calls.
    BadUrl = 110, "a URL that cannot be called";
    AbsentInUrl = 111, "a parameter in a URL that may be absent";
    PrivateHost = 112, "a call into a private network";
    PlainHttp = 113, "a call that everybody on the way can read";
    BadHeader = 114, "a header that cannot be sent";
    PastedText = 115, "a caller's text pasted into a document";
    BadBody = 116, "a body that cannot be sent";
    BadAuth = 117, "credentials that are incomplete";
    BadStatus = 118, "a status code that no server answers";

    // What is well written and comes to nothing.
    NoValueFits = 120, "a parameter that no value can fit";
    VainKeyword = 121, "a keyword that says nothing about its type";
    RefusedValue = 122, "a value of a schema that the schema refuses";
    Contradiction = 123, "hints that contradict each other";
    TinyLimit = 124, "a limit in which nothing starts";
    NeverInherited = 125, "a variable that is never inherited";

    // Containers.
    BadImage = 150, "an image that cannot exist";
    FloatingImage = 151, "an image that changes under its name";
    BadTarget = 152, "a path that nothing in a container can have";
    DuplicateTarget = 153, "two things in one place of a container";
    UnconfinedMount = 154, "a mount that callers choose anywhere";
    HostMount = 155, "a mount that hands the host over";
    Lifted = 156, "a protection that a container goes without";
    HostNetwork = 157, "a container in a network that is not its own";
    HostPath = 158, "a path of the host, told to a container";
    NoMountSource = 159, "a mount of what this host does not have";
    DiskOfContainer = 160, "a limit that not every engine can hold";
    WarmMount = 161, "a container made ahead of which callers choose a mount";
    WarmOnStdio = 162, "a container that is made ahead, where nobody keeps any";
    TooManyWarm = 163, "more containers made ahead than may wait";
    BadDestination = 165, "a destination that cannot be";
    WideDestination = 166, "a destination that is nearly everything";
    DuplicateDestination = 167, "a destination that stands twice";
    NearDestination = 168, "a destination that is not of the internet";
    UnpinnedImage = 170, "an image without the digest that is required";
    BadBuild = 171, "a build that cannot be";
    BuildReach = 172, "a build, whose steps nothing holds back";
    BadVerify = 173, "a signature that nobody can have made";
    NoScanner = 174, "an image that nobody here can look through";

    // Which engine.
    BadExecutor = 180, "an engine that nobody could reach so";
    UnknownExecutor = 181, "an executor that is not declared";
    RunOnWithoutContainer = 182, "an engine for what is no container";
    RemoteEngine = 183, "something of this host, for an engine on another one";
    OpenEngine = 184, "an engine that everybody can talk to";
    EngineAway = 185, "an engine that does not answer";
    ImageAway = 186, "an image that the engine does not have";

    // Containers that stay.
    Reused = 187, "a container that several calls have";
    NotReused = 188, "containers that stay or wait, where none can";

    // The sandbox of local commands.
    SandboxHole = 190, "a sandbox from which a command can change what runs outside of it";
    SandboxPath = 191, "a path of a sandbox that this host does not have";

    // Conditions.
    BadCondition = 200, "a text that is no condition";
    UnknownInCondition = 201, "a condition that refers to what it cannot see";

    // Steps, and trying again.
    BadRetry = 202, "a retry that cannot be";
    BadStep = 203, "a step that cannot be";
    UnknownStep = 204, "a step that is not there, or not over by then";
    DuplicateStep = 205, "two steps of one name";
    UnknownCommand = 206, "a command that is run and does not exist";
    StepArguments = 207, "arguments that another command refuses";
    Circle = 208, "commands that run each other in a circle";
    TooNested = 209, "commands with steps nested too deep";
    NoItem = 210, "`item` where there is none";
    BadItems = 211, "a `for_each` over what is no list";
    TooManySteps = 212, "more steps than one call can run";
    DisabledCommand = 213, "a command that is run and disabled";
    Disclosed = 214, "a sensitive value for a parameter that shows it";

    // Requirements.
    Unmet = 225, "something that a command requires and this host does not have";
    BadRequirement = 226, "a requirement that is none";
    UnknownRequired = 227, "a command that is required and not there";
    RequirementCircle = 228, "commands that require each other in a circle";
    NotAsked = 229, "a version that nobody was asked for";

    // How HTTP calls travel, and the files that they carry.
    BadPart = 230, "a field of a form with files that cannot be sent";
    BadTls = 231, "a certificate without its key";
    InsecureTls = 232, "a call that believes whoever answers";
    BadProxy = 233, "a proxy that cannot be";
    OpenKey = 234, "a private key that others can read";
    MissingCertificate = 235, "a certificate that this host does not have";

    // Results.
    BadRowPattern = 240, "a pattern that makes no rows";
    BadSelect = 241, "a `select` that selects nothing";
    BadText = 242, "a template that makes no text";
    UnknownInText = 243, "a template of a result that names what it cannot see";
    BadFiles = 244, "files that cannot be handed over";
    NeverFits = 245, "a schema that no output of its format fits";
    // Failures and repeated calls.
    VainRetry = 250, "a retry that never tries again";
    BadFallback = 251, "a fallback that cannot be called";
    BadCache = 252, "a cache that cannot be";

    // The server over HTTP.
    BadApiKey = 260, "a caller's key that is none";
    WeakApiKey = 261, "a caller's key that can be guessed";
    DuplicateApiKey = 262, "two keys of one name or one value";
    // Who may.
    UnknownRole = 263, "a role that the file does not have";
    BadRole = 264, "a role that cannot be";
    BadPolicy = 265, "a rule that cannot be judged";
    BadGrant = 266, "a command lends one that is not there";
    BlindPolicy = 267, "a rule that denies more or less than it says";
    RoleOfKey = 268, "a key's name among those of users";
    Unrecorded = 269, "a command that asks to be recorded where nothing is";

    // Tokens of issuers.
    BadIssuer = 270, "an issuer of tokens that nobody can believe";
    NoAudience = 271, "tokens of which nobody says whom they are for";
    BadIntrospection = 272, "credentials with which nobody can ask about tokens";
    DuplicateIssuer = 273, "an issuer of tokens that stands twice";
    BadScope = 274, "a text that is no scope";

    // TLS.
    NoServerCertificate = 280, "TLS without a certificate";
    BadCertificateUser = 282, "a caller's certificate that is none";
    BadTrustedProxy = 283, "a proxy that is no network";
    BadAcme = 284, "names or a directory that no certificate can be had for";
    // Records of calls.
    BadAudit = 285, "records of calls that cannot be kept";

    // How often callers may ask, people with passwords, tenants.
    VainRate = 290, "a rate that limits nothing";
    BadPasswordHash = 291, "a hash of a password that is none";
    WeakPasswordHash = 292, "a hash of a password that can be guessed";
    UnknownTenant = 293, "a tenant that is not there";
    DuplicateCaller = 294, "two users or tenants of one name";
    BadStore = 295, "a store of sessions that is none";
    BadCopy = 296, "a name of a copy that headers cannot hold";
    CallerFolder = 297, "folders of callers where no program runs";

    // Calls that go on by themselves.
    OwnName = 300, "a command with the name of a tool of the server";
    VainDetach = 301, "a call that is over before it would be left to itself";
    TwoDetaches = 302, "a call that is left to itself in two ways";

    // What clients are told of a call.
    BadInputSchema = 305, "a schema of arguments that is none";
    BadParamHeader = 306, "a value that no header can repeat";

    // What people are asked.
    BadConfirm = 310, "a question before a call that cannot be asked";
    ConfirmWithoutAnybody = 311, "a call that nobody makes asks somebody";
    BadAsk = 312, "a parameter that nobody can be asked for";
    BadContentFormat = 313, "an output of content where none can be";

    // Prompts and resources.
    BadUri = 320, "a URI under which nothing can be read";
    DuplicateOffer = 321, "two prompts or resources of one name";
    BadOffer = 322, "a prompt or a resource that is not made of one thing";
    NotReadOnly = 323, "a command that is run by reading and may change something";
    BadArgumentKind = 324, "an argument that no client can send";
    UnknownResource = 325, "a resource that the file does not have";
    NoOfferedFile = 326, "a file to be read that this host does not have";

    // What runs by itself, and what is offered.
    BadSchedule = 330, "a schedule that cannot be kept";
    UnknownActor = 331, "a schedule or a trigger that acts as nobody";
    VainArguments = 332, "arguments of a schedule or a trigger that its command does not take";
    BadTrigger = 333, "a trigger that nothing can set off";
    EmptyToolset = 335, "tools of a tag that no command has";
}

impl Code {
    pub fn number(self) -> u16 {
        self as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_listed_in_order_and_once() {
        assert!(Code::ALL.windows(2).all(|pair| matches!(pair, [a, b] if a.number() < b.number())));
    }
}
