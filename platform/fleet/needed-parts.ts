import type { ServiceName } from '#contract/fleet.ts'
import type { PatroniMember } from '#runtime/drivers/patroni-client.ts'

/** What an installation has of that without which it does not go on. */
export interface TierFacts {
  /** On the host that is to go, and on the others. */
  readonly own: readonly ServiceName[]
  readonly others: readonly ServiceName[]
  /** A control plane that shows signs of life. */
  readonly hasControlElsewhere: boolean
  /** The database pair as it sees itself. */
  readonly pair: readonly Pick<PatroniMember, 'name' | 'role' | 'state'>[]
}

/** Why a host cannot go, and what would change that. */
export interface Needed {
  readonly reason: string
  readonly next: string
}

const BRING =
  'Bring another full host (`maru host add NAME`): what is missing is placed there within a minute.'
const BRING_THIRD =
  'Bring a third host, or a witness in a place of its own (`maru host add NAME --witness --data-centre PLACE`): the others are placed then, within a minute.'
const WAIT =
  '`maru status` on the others shows it: wait until it follows, or bring another full host (`maru host add NAME`).'

/** Why the installation would not go on without a host, or could never be made whole again; undefined where it would. */
export function planWithout({ own, others, hasControlElsewhere, pair }: TierFacts): Needed | undefined {
  const [ownKinds, otherKinds] = [own, others].map((names) => new Set(names.map(kindOf)))
  const isInStep = ({ name, role, state }: TierFacts['pair'][number]) =>
    others.some((service) => service === name) &&
    (role === 'leader' ? state === 'running' : role === 'sync_standby' && state === 'streaming')
  if (ownKinds?.has('control') && !hasControlElsewhere)
    return { reason: 'no other host has a control plane that runs', next: BRING }
  if (ownKinds?.has('postgres') && !otherKinds?.has('postgres'))
    return { reason: 'no other host has a member of the database pair', next: BRING }
  if (ownKinds?.has('postgres') && !pair.some(isInStep))
    return { reason: 'the member of the database pair on another host is not in step', next: WAIT }
  if (ownKinds?.has('etcd') && !otherKinds?.has('etcd'))
    return { reason: 'no other host has a member of the store (etcd)', next: BRING_THIRD }
  return undefined
}

const kindOf = (service: ServiceName) => service.split('-')[0]
