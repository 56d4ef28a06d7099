import { z } from 'zod'
import { plainReason } from './plain-reason.ts'

type Params = Readonly<Record<string, string | number | boolean>>

/**
 * One row of the error catalogue. `message` says what happened and why; `hint` says what to do next.
 * `{name}` in either is replaced by the parameter of that name. Parameters are safe to show to the caller.
 */
export interface ErrorRow {
  readonly status: number
  /** Exit code of the CLI (0 is done): 1 failed, 2 invalid input, 3 refused, 4 unreachable. */
  readonly exit: 1 | 2 | 3 | 4
  readonly message: string
  readonly hint: string
}

const row = (status: number, exit: ErrorRow['exit'], message: string, hint: string): ErrorRow => ({
  status,
  exit,
  message,
  hint,
})

/** Every error that a person can meet. Codes are stable: scripts may match on them. */
export const ERRORS = {
  internal: row(
    500,
    1,
    'Something went wrong inside Maru (request {requestId}).',
    'Try again; if it persists, run `maru doctor` and look for this request in the control plane log.',
  ),
  invalid: row(400, 2, '{field}: {reason}', 'Correct {field} and try again. Nothing was changed.'),
  not_found: row(404, 2, 'There is nothing at {path}.', 'Look at /openapi.json for what exists.'),
  method_not_allowed: row(
    405,
    2,
    '{method} is not possible on {path}.',
    'Look at /openapi.json for what exists.',
  ),
  unauthenticated: row(
    401,
    3,
    'You are not signed in, or your token is no longer valid.',
    'Run `maru login`.',
  ),
  forbidden: row(403, 3, 'Your role does not allow {action} on {resource}.', 'Ask an owner of the team.'),
  rate_limited: row(
    429,
    3,
    'Too many requests: the limit is {limit} per minute.',
    'Wait {seconds} seconds and try again.',
  ),
  too_many_open: row(
    429,
    3,
    'You already have {limit} streams and uploads open at the same time.',
    'End one of them (a followed log, a command, an upload) and try again.',
  ),
  body_too_large: row(
    413,
    2,
    'The request is larger than {limit}.',
    'Make it smaller and try again. Nothing was changed.',
  ),
  unreachable: row(
    503,
    4,
    '{what} cannot be reached.',
    'Run `maru status` on the host; if it is down, run `maru up`.',
  ),
  database_unavailable: row(
    503,
    4,
    'The platform database is not reachable just now.',
    'It fails over by itself within seconds; try again.',
  ),
  idempotency_conflict: row(
    409,
    2,
    'The idempotency key {key} was already used for another request.',
    'Use a new key.',
  ),
  idempotency_busy: row(
    409,
    3,
    'The first request with the idempotency key {key} is still under way.',
    'Wait a moment and send the same request again.',
  ),

  'platform.console_missing': row(
    503,
    4,
    'The web console has not been built into this platform.',
    'Run `maru up` on the host: it builds the console. The API and /docs work without it.',
  ),

  'accounts.setup_invalid': row(
    403,
    3,
    'This set-up link is not valid: it was used, has expired, or was replaced.',
    'On the host, as root: `maru setup-link` makes a new one.',
  ),
  'accounts.login_failed': row(
    401,
    3,
    'E-mail address or password is wrong.',
    'Try again; after {attempts} failed attempts in 15 minutes the account pauses.',
  ),
  'accounts.login_paused': row(
    429,
    3,
    'Sign-in is paused after too many failed attempts.',
    'Wait {minutes} minutes and try again. Tokens that exist keep working.',
  ),
  'accounts.source_turned_away': row(
    429,
    3,
    'Too many sign-ins from your network address have failed; no more are taken from there for a while.',
    'Wait as long as `Retry-After` says. Who is signed in, and tokens, keep working; an operator sees it in `maru network blocks`.',
  ),
  'accounts.password_weak': row(
    400,
    2,
    'password: {reason}',
    'Choose at least 12 characters that are not a common password.',
  ),
  'accounts.email_taken': row(
    409,
    2,
    'There is already an account for this e-mail address.',
    'Sign in instead.',
  ),
  'accounts.root_has_no_tokens': row(
    403,
    3,
    'A token belongs to an account, and root on the host has none: it needs no token.',
    'Sign in with `maru login` (`maru setup-link` makes the link), then `maru tokens create NAME --remote`.',
  ),
  'accounts.token_not_found': row(404, 2, 'There is no token {token}.', '`maru tokens` lists yours.'),

  'apps.not_found': row(
    404,
    2,
    'There is no app named {app}.',
    '`maru apps` lists yours; `maru deploy` in its folder creates it.',
  ),
  'apps.name_taken': row(409, 2, 'The name {app} is already in use.', 'Choose another with `--app NAME`.'),
  'apps.busy': row(409, 3, 'Another {kind} of {app} is under way ({operation}).', '{next}'),
  'apps.limit': row(409, 3, '{what} is limited to {limit}.', '{next}'),
  'apps.source_not_found': row(404, 2, 'There is no uploaded source {source}.', 'Run `maru deploy` again.'),
  'apps.source_too_large': row(
    413,
    2,
    'The source is larger than {limit}.',
    'Exclude what is not needed in .maruignore (build output, media, data).',
  ),
  'apps.source_invalid': row(
    400,
    2,
    'The source cannot be used: {reason}.',
    'Correct it and deploy again. Nothing was changed.',
  ),
  'apps.source_unrecognised': row(
    400,
    2,
    'Maru does not know how to build this: no package.json, index.html or Dockerfile was found at the top.',
    'Deploy the folder that holds one of them.',
  ),
  'apps.lockfile_missing': row(
    400,
    2,
    'package.json has dependencies but there is no lock file.',
    'Run `npm install` and include package-lock.json (or pnpm-lock.yaml, yarn.lock).',
  ),
  'apps.no_start': row(
    400,
    2,
    'There is nothing to start: no Procfile with `web:`, and no "start" script in package.json.',
    'Add one of them.',
  ),
  'apps.engine_unsupported': row(
    400,
    2,
    'engines.node {range} matches none of the Node versions that this platform has ({have}).',
    'Change engines.node.',
  ),
  'apps.build_failed': row(
    422,
    1,
    'The build failed: {reason}.',
    'Its log says why. What served before keeps serving.',
  ),
  'apps.build_limit': row(
    422,
    1,
    'The build was stopped: it went over its limit of {limit}.',
    'Make the build smaller. What served before keeps serving.',
  ),
  'apps.release_phase_failed': row(
    422,
    1,
    'The release command ended with exit code {exitCode}.',
    'Its log says why. What served before keeps serving.',
  ),
  'apps.unhealthy': row(
    422,
    1,
    'Release v{release} did not become healthy within {seconds} s: {reason}.',
    'Its last log lines say why. The web process must listen on $PORT. What served before keeps serving.',
  ),
  'apps.release_not_found': row(
    404,
    2,
    '{app} has no release v{release} that can be used.',
    '`maru releases --app {app}` lists them.',
  ),
  'apps.no_release': row(409, 3, '{app} has no release yet.', 'Run `maru deploy` first.'),
  'apps.process_unknown': row(400, 2, '{app} has no process type {process}.', 'It has: {have}.'),
  'stacks.code_gone': row(
    409,
    3,
    '{app} was built on {host}, and no host has its image any more.',
    '`maru deploy` builds {app} anew. Nothing was changed.',
  ),
  'stacks.rolling': row(
    409,
    3,
    'A roll of the stacks is under way ({operation}).',
    'Follow it: `maru operation {operation}`.',
  ),
  'stacks.roll_incomplete': row(
    422,
    1,
    '{count} of {all} apps stay on the stack that they stood on: {apps}.',
    'They serve as before. The lines above say why; `maru stack roll` tries them again.',
  ),
  'apps.config_reserved': row(400, 2, '{name} is set by the platform.', 'Use another name.'),
  'apps.interrupted': row(
    500,
    1,
    'The operation was interrupted and rolled back: {reason}.',
    'Try again. What served before keeps serving.',
  ),
  'apps.run_failed': row(
    422,
    1,
    'The command could not be started: {reason}.',
    'Check the command and try again.',
  ),
  'operations.not_found': row(
    404,
    2,
    'There is no operation {operation}.',
    'Operations are kept for 90 days.',
  ),
  'operations.cancelled': row(409, 3, '{by} has cancelled it.', 'What served before keeps serving.'),
  'operations.too_late': row(
    409,
    3,
    'The {kind} {operation} is not cancelled: {reason}.',
    'See what became of it: `maru operation {operation}`.',
  ),
  'operations.none_under_way': row(
    404,
    2,
    'Nothing of {app} is under way that could be cancelled.',
    'See what was: `maru operations --app {app}`.',
  ),

  'data.not_ready': row(
    503,
    4,
    'The database of {app} is not reachable just now.',
    'It fails over by itself within seconds; try again.',
  ),
  'data.no_database': row(
    409,
    3,
    '{app} has no database yet.',
    'Run `maru deploy` first: the first deploy creates it.',
  ),

  'guard.would_cut_off': row(
    409,
    3,
    '{source} has {whom} in it, which would be cut off.',
    'Name a smaller network. Nothing was changed.',
  ),
  'guard.not_blocked': row(
    404,
    2,
    '{source} is not kept out by any host.',
    '`maru network blocks list` shows who is, and in which form.',
  ),
  'guard.not_partner': row(
    404,
    2,
    '{source} is not among the partners.',
    '`maru network partner list` shows them.',
  ),
  'guard.is_partner': row(
    409,
    3,
    '{source} belongs to the partner {partner}, who is never judged: a block would do nothing.',
    'Take the partner away first (`maru network partner remove {partner}`), then block. Nothing was changed.',
  ),
  'guard.is_blocked': row(
    409,
    3,
    '{source} has the blocked {block} in it, which would be let in as a partner.',
    'Lift the block first (`maru network blocks lift {block}`), or name a smaller network. Nothing was changed.',
  ),
  'guard.no_engagement': row(
    404,
    2,
    'There is no penetration test {id} that could be ended.',
    '`maru network engagement list` shows them all.',
  ),
  'guard.full': row(
    409,
    3,
    'There are {limit} {what} already, which is all that a host takes.',
    'Take some away that are no longer needed, or name a network that has many of them in it.',
  ),
  'upstream.exists': row(
    409,
    3,
    'There is a provider {upstream} already.',
    'Remove it first to set it up anew: `maru network upstream remove {upstream}`. Nothing was changed.',
  ),
  'upstream.full': row(
    409,
    3,
    'There are {limit} providers already, which is all that hosts speak to.',
    'Remove one that is no longer needed: `maru network upstream list` shows them.',
  ),
  'upstream.not_found': row(
    404,
    2,
    'There is no provider {upstream}.',
    '`maru network upstream list` shows them.',
  ),
  'upstream.not_own': row(
    409,
    3,
    '{address} is no address of this installation, so nobody may be asked to drop what goes there.',
    'Only addresses of its hosts, and those that hosts share, can be announced: {own}. Nothing was changed.',
  ),
  'upstream.nobody_brings': row(
    409,
    3,
    'No provider that is set up brings {address}, so there is nobody to ask.',
    '`maru network upstream list` shows whose addresses each brings; `maru network upstream add` sets one up.',
  ),
  'upstream.no_flow_rules': row(
    409,
    3,
    'No provider that brings {address} takes flow rules, so nobody can be asked to drop a part of what goes there.',
    'Set a provider that takes them up with --flow-rules, or announce without --only: then everything is dropped. Nothing was changed.',
  ),
  'upstream.last': row(
    409,
    3,
    '{address} is the last address that serves the apps: without it nobody reaches any of them.',
    'If that is what you want, ask again with --even-the-last. Nothing was changed.',
  ),
  'upstream.not_announced': row(
    404,
    2,
    'Nobody is asked to drop what goes to {address}.',
    '`maru network upstream list` shows what is announced.',
  ),
  'detection.no_incident': row(
    404,
    2,
    'There is no incident {id}.',
    '`maru network incidents` shows them; they are kept for 90 days.',
  ),
  'hosts.stale_generation': row(
    409,
    3,
    'The host has generation {have}; {got} is older and was refused.',
    'Nothing to do: the newer one stays in force.',
  ),
  'hosts.image_refused': row(
    422,
    1,
    'The host did not take the image {image}: {reason}.',
    'Look at the log of its agent.',
  ),
  'hosts.image_not_found': row(
    404,
    3,
    'The host does not have the image {image}.',
    'Nothing to do: another host that has it is asked.',
  ),
  'hosts.not_found': row(404, 2, 'There is no host named {host}.', '`maru host list` shows them all.'),
  'hosts.invitation_invalid': row(
    403,
    3,
    'This invitation is not valid: it was used, has expired, or was replaced.',
    '`maru host add NAME` on a host of the installation makes a new one. Nothing was changed.',
  ),
  'hosts.already_joined': row(
    409,
    3,
    'This machine already belongs to the installation {installation} ({home}).',
    '`maru up` brings it into shape; `maru destroy` takes it out. Nothing was changed.',
  ),
  'hosts.name_taken': row(
    409,
    3,
    'There is already a host named {host}.',
    'Choose another name, or remove that host first. Nothing was changed.',
  ),
  'hosts.address_taken': row(
    409,
    3,
    'The host {host} already has the address {address}.',
    'Join with an address of this machine (`--address`), or remove that host. Nothing was changed.',
  ),
  'hosts.address_shared': row(
    409,
    3,
    'The hosts of {dataCentre} share the address {address}; it cannot be the own address of one.',
    'Join with another address of this machine (`--address`). Nothing was changed.',
  ),
  'hosts.no_data_centre': row(
    404,
    2,
    'There is no data centre named {dataCentre} with a host that serves visitors.',
    '`maru data-centre` shows them all.',
  ),
  'hosts.address_unfit': row(
    409,
    3,
    'The hosts of {dataCentre} cannot share {address}: {reason}.',
    'Choose an address in their own network that nobody has ({network}). Nothing was changed.',
  ),
  'hosts.version_differs': row(
    409,
    3,
    'This machine has version {got} of Maru; the installation has {want}.',
    'Bring the same copy of the program to this machine, version {want}, and join again (behind the + is the number of its newest migration). Nothing was changed.',
  ),
  'hosts.clock_off': row(
    409,
    3,
    "This machine's clock is {seconds} s away from the control plane's.",
    'Set the clock (`timedatectl set-ntp true`, or `date -s`) and join again. Nothing was changed.',
  ),
  'hosts.cannot_reach': row(
    409,
    3,
    'The control plane cannot reach this machine at {address}, port {port}: {reason}.',
    'Open the port for the hosts of the installation, or join with another address (`--address`). Nothing was changed.',
  ),
  'hosts.not_itself': row(
    502,
    4,
    'What answers at {address} is not the host {host}: {reason}.',
    'If that machine was set up anew, remove the host and add it again.',
  ),
  'hosts.still_needed': row(409, 3, '{host} cannot be removed yet: {reason}.', '{next} Nothing was changed.'),
  'hosts.still_runs': row(
    409,
    3,
    '{host} still runs {what}.',
    '`maru host drain {host}` moves it to other hosts; if the host is lost for good, add --lost. Nothing was changed.',
  ),
  'hosts.still_has_parts': row(
    409,
    3,
    '{host} still has parts of the platform that move to other hosts: {what}.',
    'While it is drained (`maru host drain {host}`) they go by themselves; try again in a moment. If the host is lost for good, add --lost. Nothing was changed.',
  ),
  'hosts.leaves_two_voices': row(
    409,
    3,
    'Without {host} the store (etcd) has two members: when the host of either fails, nothing is written any more.',
    'Bring another first, so that three are left: a witness (`maru host add NAME --witness --data-centre PLACE`) or a full host. --two-voices removes or replaces it all the same, as an installation of two hosts without a witness has to; if the host is lost for good, add --lost. Nothing was changed.',
  ),
  'hosts.is_witness': row(
    409,
    3,
    '{host} is a witness: it runs no apps, and no other host would get what it has.',
    'It can be switched off for a while. For good, put another in its place: `maru host replace {host} --with NAME`. Nothing was changed.',
  ),
  'network.between_parts': row(
    400,
    2,
    'There is no rule from {from} to {to}: between its own parts the platform’s rules are part of the program.',
    'From apps, builder, control or app:NAME to an address, a network, a name, internet, private or host; or from an address to host or edge, of IPv4 also to agent. `maru network groups` lists them.',
  ),
  'network.never': row(
    400,
    2,
    '{to} {why}: no rule leads there.',
    'Name an address outside. Nothing was changed.',
  ),
  'network.needs_operator': row(
    403,
    3,
    '{to} is in a private network or on the host itself: an operator has to allow it.',
    'Ask an operator to type the same with `--operator`. Nothing was changed.',
  ),
  'network.too_many': row(
    409,
    3,
    'There are {limit} rules already: that is the limit.',
    'Take back what is not needed any more: `maru network rules`, `maru network deny RULE`.',
  ),
  'network.exists': row(
    409,
    3,
    'There is a rule from {from} to {to} with these ports already.',
    '`maru network rules` shows it; take it back first to give it another reason or end.',
  ),
  'network.built_in': row(
    409,
    3,
    '{rule} is a rule of the platform itself and cannot be taken back.',
    '`maru network rules` shows which are built in. Nothing was changed.',
  ),
  'network.no_rule': row(
    404,
    2,
    'There is no rule {rule}.',
    '`maru network rules` lists them; of an app: `maru network rules --app NAME`.',
  ),
  'network.not_waiting': row(
    404,
    2,
    'No rule {rule} waits for approval.',
    '`maru network rules` shows which do. It may have been approved or taken back meanwhile.',
  ),
  'network.no_trial': row(
    409,
    3,
    'No lock-down is on trial: there is nothing to keep. A trial ends by itself after a minute.',
    'Begin again with `maru network lock-down try`.',
  ),
  'network.versions_differ': row(
    409,
    3,
    'Not every host runs version {want}, so not every host would try it before it is kept: {hosts}.',
    'Bring every host to one version (`maru host list` shows them), then try again. `maru network lock-down off` works meanwhile. Nothing was changed.',
  ),
  'hosts.only_one': row(
    409,
    3,
    '{host} cannot be emptied: no other host takes instances now.',
    '`maru host list` shows the others; `maru host add NAME` brings another. Nothing was changed.',
  ),
  'hosts.no_room': row(
    409,
    3,
    '{host} cannot be emptied: the others have no room for {what}; {missingMb} MB of memory are missing.',
    'Bring another host (`maru host add NAME`), or scale apps down. Nothing was changed.',
  ),
  'hosts.last_in_data_centre': row(
    409,
    3,
    'Without {host} no host of {dataCentre} runs apps: every app is then in one data centre, and stops with it.',
    'Bring another host there first (`maru host add NAME --data-centre {dataCentre}`), or add --last. Nothing was changed.',
  ),
  'hosts.drain_ended': row(
    409,
    3,
    '{host} is not being emptied any more: somebody took that back.',
    'Its instances stay; `maru host drain {host}` begins again.',
  ),
  'hosts.not_empty_yet': row(
    409,
    1,
    '{host} is not empty after {minutes} minutes: {what}.',
    'The drain goes on without you. Follow it: `{again}`. Take it back: `maru host undrain {host}`.',
  ),
  'hosts.cannot_replace': row(
    409,
    3,
    '{host} cannot take the place of {old}: {reason}.',
    '`maru host list` shows how it is; type the command again when it is ready. Nothing was changed.',
  ),
  'hosts.was_removed': row(
    409,
    3,
    'This host was removed from its installation.',
    '`maru destroy` clears this machine; then it can join again with a new invitation.',
  ),
  'hosts.not_first': row(
    409,
    3,
    'The control plane is not on this host ({host}).',
    'Type it on a host that has one (`maru status` there lists `control` or `control-2`), or sign in with `maru login` and add --remote.',
  ),
  'hosts.engine_unavailable': row(
    503,
    4,
    'The container engine on the host does not answer.',
    'Run `maru up`: it starts the engine again.',
  ),
  'hosts.network_in_use': row(
    409,
    3,
    '{containers} of yours is in the network {network}, which would be removed.',
    'Take it out first: `docker network disconnect {network} CONTAINER`. Nothing was removed.',
  ),
  'hosts.disk_full': row(
    507,
    3,
    'Only {freeMb} MB are free in {path}; at least {needMb} MB are needed.',
    'Free some space and try again. Nothing was changed.',
  ),
  'hosts.preflight': row(
    409,
    3,
    'The host is not ready: {count} finding(s).',
    'Do what each finding says and try again. Nothing was changed.',
  ),
  'hosts.locked': row(409, 3, 'Another `maru {command}` is running (process {pid}).', 'Wait for it to end.'),
  'hosts.not_installed': row(409, 3, 'Maru is not installed here ({home}).', 'Run `./maru up` as root.'),
  'hosts.step_failed': row(
    500,
    1,
    '{step} failed: {reason}.',
    'Look into {log}, then run `maru up` again: it goes on where it stopped.',
  ),
  'hosts.name_mismatch': row(
    400,
    2,
    "The name typed is not this installation's name.",
    'Nothing was removed. Type {name} to confirm.',
  ),
  'hosts.not_root': row(403, 3, '{command} needs root.', 'Run it with sudo.'),

  'drills.unknown': row(404, 2, 'There is no drill {drill}.', '`maru drill list` shows them all.'),
  'drills.only_in_lab': row(
    409,
    3,
    '{drill} breaks things, and the installation in {home} is not marked as a lab.',
    'Run it on a lab: `maru up --lab` marks an installation on which nobody depends. Nothing was changed.',
  ),
  'drills.production': row(
    409,
    3,
    'The installation in {home} is not marked as a lab.',
    '{drill} disturbs nobody: to run it here, add --i-understand-this-is-production. Nothing was changed.',
  ),
  'drills.needs_hosts': row(
    409,
    3,
    '{drill} needs the hosts and lines of a lab, and {home} is no lab of several hosts.',
    'Make one on this machine, or on another: `maru lab up --witness`. Then, there and outside of its hosts: `maru drill run {drill}`. Nothing was changed.',
  ),
  'drills.needs_machine': row(
    409,
    3,
    '{drill} enters networks of the host with programs of the machine, which the agent may not.',
    'Run it on the host itself, as root: `maru drill run {drill}`. Nothing was changed.',
  ),
  'drills.needs_pair': row(
    409,
    3,
    '{drill} does something to members of the database, and {member} is on another host.',
    'In a lab of several hosts it runs outside of them, on the machine that carries the lab: `maru drill run {drill} --home DIR`, DIR being the lab’s folder (usually /var/lib/maru-lab). Nothing was changed.',
  ),
  'drills.lab_unfit': row(
    409,
    3,
    'The lab in {home} does not have what drills on hosts take: two data centres, a witness, and a platform on them.',
    'Make another one in a folder of its own: `maru lab up --witness --home DIR`. Nothing was changed.',
  ),
  'drills.no_spare_host': row(
    409,
    3,
    '{drill} replaces a host with another of its data centre, and the lab in {home} has one in each.',
    'Make another one in a folder of its own: `maru lab up --witness --hosts-per-data-centre 2 --home DIR`. Nothing was changed.',
  ),
  'drills.on_a_host': row(
    409,
    3,
    '{drill} runs on one host, and {home} is a lab of several.',
    'Run it inside one of them: `maru lab exec --home {home} dc1-h1 -- ./maru drill run {drill}`. Nothing was changed.',
  ),
  'drills.stopped': row(
    500,
    1,
    '{drill} was not carried out: its {stage} failed ({reason}).',
    'It proved nothing, in either way. Correct the cause and run it again; docs/drills/{drill}.md helps.',
  ),
  'drills.none_here': row(
    409,
    3,
    'No drill may run here as it is: the installation in {home} is not marked as a lab.',
    'Harmless ones run with --i-understand-this-is-production; for the others `maru up --lab` marks an installation on which nobody depends. Nothing was changed.',
  ),
  'drills.busy': row(
    409,
    3,
    '{drill} is under way: two drills at once would measure each other.',
    'Wait for its end and try again. Nothing was changed.',
  ),
  'drills.root_only': row(
    403,
    3,
    'Only root on the host can say what a drill does and what it found.',
    'Run the drill on the host itself, as root.',
  ),
  'drills.no_run': row(
    404,
    2,
    'There is no run {run} of a drill.',
    '`maru drill report` shows the last run of each; runs are kept for 90 days.',
  ),
  'drills.no_time_line': row(
    404,
    2,
    'The run {run} has no time line.',
    'Runs of earlier versions have none: run the drill again.',
  ),
  'drills.no_ledger': row(
    404,
    2,
    'The run {run} has no ledger.',
    'Only drills with writers or visitors that note each answer have one: `maru drill list` says what each does.',
  ),
  'drills.not_taken': row(
    503,
    1,
    '{drill} was not carried out: the machine that carries the lab did not take it within a minute.',
    'On that machine, as root: `maru lab up` starts what carries drills out. Then start the drill again.',
  ),
  'drills.lost': row(
    404,
    1,
    'Nothing is known of the start {start} any more: who carried it out was started again.',
    'Start the drill again. An app whose name begins with drill- may be left; `maru destroy` removes it.',
  ),

  'lab.not_up': row(409, 3, 'There is no lab in {home}.', 'Run `maru lab up` as root.'),
  'lab.network_down': row(
    409,
    3,
    'The networks of the lab in {home} are not running.',
    'Run `maru lab up`: it makes what is missing.',
  ),
  'lab.unknown_host': row(404, 2, 'The lab has no host {host}.', 'It has: {have}.'),
  'lab.unknown_site': row(404, 2, 'The lab has no data centre {site}.', 'It has: {have}.'),
  'lab.host_off': row(409, 3, '{host} is not running.', '`maru lab host {host} start` boots it.'),
  'lab.host_frozen': row(
    409,
    3,
    '{host} is frozen: nothing runs in it.',
    '`maru lab host {host} thaw` lets it go on.',
  ),
  'lab.other_shape': row(
    409,
    3,
    'The lab in {home} has {have}, not {asked}.',
    'Leave the options out to bring that one up, choose another folder with --home, or remove it with `maru lab down`.',
  ),
  'lab.unfit': row(409, 3, 'This machine cannot hold the lab: {what}.', '{next} Nothing was changed.'),
  'lab.failed': row(
    500,
    1,
    '{step} failed: {reason}.',
    'Look into {log}. `maru lab up` goes on where it stopped; `maru lab down` removes the lab.',
  ),

  'cli.failed': row(
    500,
    1,
    'The command failed: {reason}.',
    'Try again with MARU_DEBUG=1 to see where; if it persists, report it.',
  ),
  'console.failed': row(
    500,
    1,
    'The page could not go on: {reason}.',
    'Load the page again; if it persists, report it with what you were about to do.',
  ),
  'cli.not_maru': row(
    502,
    4,
    '{what} does not answer as Maru does (HTTP {status}).',
    'Check the address; on the host, `maru status` shows it.',
  ),
  'cli.untrusted': row(
    495,
    3,
    'The certificate of {url} is not trusted: {reason}.',
    'Run `maru login`, which asks whether to trust it. For scripts: MARU_CA=FILE, with what `maru ca` prints on the host.',
  ),
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof ERRORS

/** The wire form of an error: RFC 9457 in spirit, with Maru's stable code. */
export const ErrorBody = z.strictObject({
  error: z.strictObject({
    code: z.string().describe('Stable code'),
    message: z.string().describe('What happened and why'),
    hint: z.string().describe('What to do next'),
    params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  }),
})
export type ErrorBody = z.infer<typeof ErrorBody>

const fill = (text: string, params: Params) =>
  text.replaceAll(/\{(\w+)\}/g, (whole, name) => String(params[name] ?? whole))

/** The one error class. `params` are safe to show; internals belong in `cause`. */
export class MaruError extends Error {
  readonly code: ErrorCode
  readonly params: Params
  readonly hint: string

  constructor(code: ErrorCode, params: Params = {}, options?: { cause?: unknown }) {
    super(fill(ERRORS[code].message, params), options)
    this.name = 'MaruError'
    this.code = code
    this.params = params
    this.hint = fill(ERRORS[code].hint, params)
  }

  get status(): number {
    return ERRORS[this.code].status
  }

  get exit(): ErrorRow['exit'] {
    return ERRORS[this.code].exit
  }

  toBody(): ErrorBody {
    return { error: { code: this.code, message: this.message, hint: this.hint, params: { ...this.params } } }
  }

  /** Rebuilds an error from its wire form; an unknown code (a newer server) keeps its text. */
  static fromBody(body: ErrorBody): MaruError {
    const known = body.error.code in ERRORS
    const error = new MaruError(known ? (body.error.code as ErrorCode) : 'internal', body.error.params)
    if (!known) Object.assign(error, { message: body.error.message, hint: body.error.hint })
    return error
  }
}

// A schema's own text comes first; this one is for those that have none.
z.config({ customError: plainReason })

/** Turns a Zod failure into an `invalid` error that names the first field and the reason. */
export function invalidFrom(error: z.ZodError, prefix = ''): MaruError {
  const issue = error.issues[0]
  const field = [prefix, ...(issue?.path ?? []).map(String)].filter(Boolean).join('.') || 'request'
  return new MaruError('invalid', { field, reason: issue?.message ?? 'is not valid' }, { cause: error })
}

/** Parses unknown input with a schema; throws `invalid` naming the field. */
export function parseWith<T extends z.ZodType>(schema: T, input: unknown, prefix = ''): z.infer<T> {
  const result = schema.safeParse(input)
  if (!result.success) throw invalidFrom(result.error, prefix)
  return result.data
}
