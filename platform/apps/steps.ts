/** Which instance: with the app's id it is unique for ever. */
export interface InstanceKey {
  readonly process: string
  readonly index: number
  readonly release: number
  readonly epoch: number
}

/**
 * One step of an operation, as data: it is stored with the operation, carried out by a job, and safe to carry out
 * again. Everything that had to be decided is in it.
 */
export type Step =
  | { readonly kind: 'build'; readonly release: number; readonly source: string }
  /** The release's slug on the newest stack; nothing is done where it stands there. */
  | { readonly kind: 'restack'; readonly release: number }
  | { readonly kind: 'database.ensure' }
  | { readonly kind: 'database.rotate'; readonly rotation: number }
  | { readonly kind: 'release-phase'; readonly release: number }
  | { readonly kind: 'instances.start'; readonly instances: readonly InstanceKey[] }
  | {
      readonly kind: 'instances.healthy'
      readonly release: number
      readonly instances: readonly InstanceKey[]
    }
  | {
      readonly kind: 'traffic.switch'
      readonly serve: readonly InstanceKey[]
      readonly drain: readonly InstanceKey[]
    }
  /** The point of no return: what is before it can be undone, what is after it only cleans up. */
  | {
      readonly kind: 'commit'
      readonly release: number
      readonly epoch: number
      readonly formation: Readonly<Record<string, number>>
      readonly rotation: number | null
    }
  | { readonly kind: 'instances.drain'; readonly instances: readonly InstanceKey[] }
  | { readonly kind: 'instances.stop'; readonly instances: readonly InstanceKey[] }
  | { readonly kind: 'instances.gone' }
  | { readonly kind: 'database.drop' }
  | { readonly kind: 'host.clean' }
  | { readonly kind: 'forget' }

/** A step in words, for people who follow an operation. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'build':
      return `Build v${step.release}`
    case 'restack':
      return `Put v${step.release} on the newest stack`
    case 'database.ensure':
      return 'Make sure that the database is there'
    case 'database.rotate':
      return 'Make new database credentials'
    case 'release-phase':
      return `Run the release command of v${step.release}`
    case 'instances.start':
      return `Start ${describeInstances(step.instances)}`
    case 'instances.healthy':
      return 'Wait until they are healthy'
    case 'traffic.switch':
      return describeSwitch(step)
    case 'commit':
      return `Record that v${step.release} serves`
    case 'instances.drain':
      return `Let ${describeInstances(step.instances)} finish`
    case 'instances.stop':
      return `Stop ${describeInstances(step.instances)}`
    case 'instances.gone':
      return 'Wait until every instance has stopped'
    case 'database.drop':
      return 'Remove the database and its roles'
    case 'host.clean':
      return 'Remove images and caches'
    case 'forget':
      return 'Forget secrets, configuration and releases'
  }
}

function describeSwitch(step: Extract<Step, { kind: 'traffic.switch' }>): string {
  if (step.drain.length === 0) return `Send requests to ${describeInstances(step.serve)}`
  if (step.serve.length === 0) return `Send no more requests to ${describeInstances(step.drain)}`
  const sameRelease = step.serve[0]?.release === step.drain[0]?.release
  const old = sameRelease ? 'those before' : describeInstances(step.drain)
  return `Send requests to ${describeInstances(step.serve)} instead of ${old}`
}

/** Such as `v3 web.1, web.2`. */
function describeInstances(instances: readonly InstanceKey[]): string {
  if (instances.length === 0) return 'nothing'
  const releases = [...new Set(instances.map(({ release }) => release))]
  return releases
    .map((release) => {
      const own = instances.filter((one) => one.release === release)
      return `v${release} ${own.map(({ process, index }) => `${process}.${index}`).join(', ')}`
    })
    .join(' and ')
}
