import type { KnownPromise } from '#contract/promises.ts'

/** What has to be shown before a promise counts as kept, and what is known to be missing. */
export interface Requirement {
  /** Checks and drills that must all have passed, lately enough. */
  readonly needs: readonly string[]
  /** What is not real yet, a plain sentence each. As long as there is one, the promise is not kept. */
  readonly gaps: readonly string[]
  /** The needed check of what only an operator can decide: as long as it fails, what it says is a gap, and nothing is broken. */
  readonly choice?: string
  /** How far the evidence reaches today, where a reader could think that it reaches further. */
  readonly note?: string
}

const gaps = (...sentences: string[]): Requirement => ({ needs: [], gaps: sentences })
const part = (needs: readonly string[], ...sentences: string[]): Requirement => ({ needs, gaps: sentences })

/** Drills that do something to a member of the database pair. */
const DATABASE_FAULTS = [
  'database-primary-dies',
  'database-container-dies',
  'database-primary-freezes',
  'database-primary-cut-off',
  'database-primary-cannot-write',
  'database-disk-full',
  'database-clock-jumps',
  'database-standby-dies',
  'database-two-faults',
]

/** Drills that try the rules of who may reach whom, and what keeps them in force. */
const RULES = ['doors-tried-from-instance', 'rules-changed-by-hand', 'rules-reapplied-under-load']

/** Drills that take a host, or the lines between data centres, away; they run where there are several hosts. */
const HOST_LOSSES = ['host-dies', 'host-with-etcd-leader-dies', 'host-freezes']
const CUTS = ['data-centre-cut', 'cut-three-ways']

/**
 * The other half of the register. A promise is kept exactly when its gaps are empty, it needs at least one check or drill,
 * and all of them passed and are young enough; there is no other way. A gap is removed together with the commit that
 * closes it.
 */
export const REQUIREMENTS: Readonly<Record<KnownPromise, Requirement>> = {
  'PLT-1': gaps(
    'Apps, deploys and a database for each app work; sign-in for the apps’ users, stored files, mail, company accounts and other regions do not exist yet.',
  ),
  'PLT-2': part(
    ['trust.layers'],
    'Controls do not stand at every layer yet: buildings, environment and staff access are not the platform’s matter so far.',
  ),
  'PLT-3': {
    needs: [
      'stack-roll-under-load',
      'host-drained-under-load',
      'host-replaced-under-load',
      'parts-replaced-under-load',
      'database-hands-over',
      'hosts-hand-over',
    ],
    gaps: [
      'Newer packages and a newer platform are brought in by an operator who runs a command; nothing does it without one.',
    ],
    note: 'The drill replaces the parts that every machine has. Who holds an address that machines share goes on with the older part until the address moves; what announces attacks to a provider is there only where somebody asked for it.',
  },
  'ASR-1': gaps(
    'The platform holds no certificate.',
    'The mapping to ISO/IEC 27001 and ISMS-P has not been reviewed by an auditor.',
  ),
  'ASR-2': gaps('There is no register of the risks of each data centre.'),
  'ASR-3': part(
    ['agreed-test-ends'],
    'Penetration tests are agreed on with source, hosts, time and reference, and what they do is recorded; findings and the parties’ agreement are not kept with them, and none has been made.',
  ),
  'PHY-1': gaps('The platform does not manage doors and badges; whoever owns the building does.'),
  'PHY-2': gaps('Visits are not recorded by the platform.'),
  'PHY-3': gaps('The platform receives nothing from doors, cameras or intrusion sensors.'),
  'ENV-1': gaps('The platform receives nothing from fire detectors and knows one machine only.'),
  'ENV-2': gaps('The platform receives nothing from power supplies and UPS units.'),
  'ENV-3': gaps('The platform receives nothing from temperature and humidity sensors.'),
  'ENV-4': gaps('There is no register of equipment and its maintenance.'),
  'NET-1': {
    needs: [
      'network.closed',
      'network.lock-down',
      'network.locked',
      ...RULES,
      'ports-scanned-from-outside',
      'locked-host-swept',
    ],
    gaps: [],
    choice: 'network.lock-down',
    note: 'What else the machines carry, such as ssh and the ports of other containers, and where they connect to themselves, is refused from when an operator locks them down.',
  },
  'NET-2': part(['network.closed', ...RULES, 'app-reaches-out']),
  'NET-3': {
    needs: ['network.detects', 'login-guessed', 'known-attacks-seen', 'broken-into-app-talks'],
    gaps: [],
    note: 'Requests to apps, their answers and what apps send are read on every full host. The drills attack from outside, and from inside an app that was broken into. What apps send encrypted is seen by name only.',
  },
  'NET-4': {
    needs: ['flooded-from-outside', 'slow-clients-hold-connections', 'upstream-announced'],
    gaps: [],
    note: 'A provider is called in where one is set up. Above a limit it is asked by itself to drop everything to the address, visitors’ packets too, and to drop a part of the traffic only where an operator asks for that.',
  },
  'NET-5': {
    needs: ['frames-forged-by-instance'],
    gaps: [],
    note: 'The drill forges from an instance. That builds and the platform’s own parts can claim nothing of another’s either, tests on the real engine show.',
  },
  'NET-6': {
    needs: ['sniffer-in-instance'],
    gaps: [],
    note: 'Of the platform’s own parts, the drill listens at one that shares a network with the database.',
  },
  'NET-7': {
    needs: ['edge.tls', 'data.links', 'links-captured'],
    gaps: [],
    note: 'From the edge to an app’s instances requests stay inside one machine, and are not encrypted there. A host that gives up a shared address hands the packets of open connections to the next holder as they came: encrypted, unless a visitor asked by plain HTTP, which only leads to HTTPS.',
  },
  'NET-8': {
    needs: ['ports-scanned-from-outside', 'locked-host-swept', 'agreed-test-ends'],
    gaps: [],
    note: 'A host’s own ports are judged, and those by which it leads to programs behind it, such as other containers; that these are held, too, tests on the real kernel show. What a host passes on as a router, to machines behind it, is theirs to judge.',
  },
  'DAT-1': gaps('There is no sign-in service for the apps’ users yet.'),
  'DAT-2': {
    needs: ['data.separation'],
    gaps: [],
    note: 'The database is the only place where an app’s data stays today: apps have no file storage, and there are no backups yet.',
  },
  'DAT-3': part(
    ['data.separation', 'accounts.closed', 'doors-tried-from-instance', 'sniffer-in-instance'],
    'The suite that tries every endpoint and every resource as another customer has not been run against the running platform; keys, logs and backups are not covered.',
  ),
  'SYS-1': part(
    ['rules-changed-by-hand'],
    'Of changes by hand to the machine itself, those to the kernel’s rules are found and undone; those to its files, programs and accounts are not.',
    'Nothing watches for newer versions of what the platform is built from.',
  ),
  'SYS-2': gaps('Nothing watches for security updates yet, and there is no test stage before they go out.'),
  'SYS-3': {
    needs: ['stacks.age', 'stack-roll-under-load', 'host-drained-under-load', 'host-replaced-under-load'],
    gaps: [],
    note: 'Apps that bring a Dockerfile bring their own stack, which only their owner makes newer. A machine is replaced when an operator says so: nothing watches how old machines are.',
  },
  'SYS-4': gaps(
    'Whoever is root on the machine reaches everything on it; there is no assignment per system.',
  ),
  'SYS-5': gaps('Login to the machine is the operating system’s own; the platform does not manage it yet.'),
  'SYS-6': gaps('There is no Kerberos realm yet.'),
  'SYS-7': gaps('Sessions on the machine are not recorded yet.'),
  'SYS-8': part(
    ['network.lock-down', 'network.locked', 'locked-host-swept'],
    'The platform’s own databases and controls answer nobody outside, and the machine’s own ports neither where an operator has locked the machines down; there is no gate yet through which staff would reach them.',
  ),
  'VUL-1': gaps('No advisories are taken in yet.'),
  'VUL-2': gaps(
    'The packages of each image are known when it is built; they are not compared with advisories yet.',
  ),
  'VUL-3': gaps('Findings are not recorded, so they have no order, owner or deadline yet.'),
  'VUL-4': part(['stack-roll-under-load'], 'It depends on PLT-3, which is not kept yet.'),
  'VUL-5': gaps('There is no address for reports, no security.txt and no forum yet.'),
  'BAK-1': gaps('There are no backups yet.'),
  'BAK-2': {
    needs: ['data.pair', 'fleet.store', ...DATABASE_FAULTS, 'database-soak', ...HOST_LOSSES, ...CUTS],
    gaps: [],
    note: 'While one copy is lost the other goes on alone: what is acknowledged until the lost one is back is on one machine.',
  },
  'BAK-3': gaps('There are no snapshots to restore from yet.'),
  'REC-1': {
    needs: HOST_LOSSES,
    gaps: [],
    note: 'Visitors of the machine that died have to ask another address of the app. The drill’s app has two instances, as every app has that nobody scales; one that is scaled to a single instance is started elsewhere after 30 s.',
  },
  'REC-2': {
    needs: [
      'data.pair',
      'fleet.store',
      ...DATABASE_FAULTS,
      ...HOST_LOSSES,
      'data-centre-cut',
      'witness-dies',
      'parts-die-in-turn',
    ],
    gaps: [],
    note: 'Visitors of a machine whose edge dies ask another address of the app until it is back. The drills kill the parts that every machine has; an address that machines share, and what announces attacks to a provider, are there only where somebody asked for them.',
  },
  'REC-3': {
    needs: CUTS,
    gaps: [],
    note: 'Visitors of the data centre that is cut off have to ask another address of the app. A second data centre with a machine, and a witness in a third place, are what this takes.',
  },
  'REC-4': gaps('Incidents are not recorded by the platform yet, and there is no status page.'),
  'PRV-1': gaps('There is no data map and no privacy notice made from it.'),
  'PRV-2': gaps('People cannot export or erase what is stored about them yet.'),
  'PRV-3': gaps(
    'Connections are encrypted, and passwords and configuration are stored encrypted; volumes and database files are not.',
  ),
  'ACC-1': gaps('Operators who are root on the machine can reach the apps’ data.'),
  'ACC-2': gaps('Staff access is not asked for, approved or recorded by the platform yet.'),
  'CUS-1': {
    needs: ['edge.tls'],
    gaps: [],
    note: 'This covers the way between a visitor and the edge. From there to the app requests stay inside one machine. The certificates come from the installation’s own authority, whose root certificate a visitor has to trust.',
  },
  'CUS-2': gaps('Volumes and database files are not encrypted, and there is no field encryption yet.'),
  'CUS-3': gaps(
    'Weak passwords are refused; leaked ones are not recognised, and there are no passkeys or second factors yet.',
  ),
  'CUS-4': gaps(
    'Tokens can be revoked and database credentials rotated; there is no secrets vault and no leak report yet.',
  ),
  'CUS-5': gaps('Members cannot be invited into a team yet.'),
  'CUS-6': {
    needs: ['network.closed', 'app-reaches-out'],
    gaps: [],
    note: 'An app hears the names that its own rules allow and no others, and what it hears is all that such a rule opens. One that may reach every public address may ask for every name. When an app asks for a name that it may ask for, it can still say something by that.',
  },
}

/** Days after which a drill proves nothing any more: it must be repeated. */
export const DRILL_VALID_DAYS = 30
