import type { PromiseStatus, TrustReport } from '#contract/trust.ts'
import {
  backMatter,
  CONTRIBUTION,
  CONTROL_SETS,
  type ControlSet,
  controlsOf,
  evidenceOf,
  type Json,
  line,
  metadata,
  NO_EVIDENCE,
  property,
  sourceOf,
  unlessEmpty,
  uuidOf,
} from './oscal-parts.ts'

/** OSCAL's component definition: which part of the platform answers for which controls, and what proves it. */
export function renderComponents(report: TrustReport): Json {
  const owners = [...new Set(report.promises.map(({ owner }) => owner))]
  const components = owners.map((owner) =>
    componentOf(
      owner,
      report.promises.filter((promise) => promise.owner === owner),
    ),
  )
  return {
    'component-definition': {
      uuid: uuidOf('component-definition', report.installation, report.version, report.at),
      metadata: metadata(`Maru ${report.version}: what answers for which control`, report),
      ...unlessEmpty('components', components),
      'back-matter': backMatter(),
    },
  }
}

function componentOf(owner: string, promises: readonly PromiseStatus[]): Json {
  return {
    uuid: uuidOf('component', owner),
    type: 'software',
    title: line(owner),
    description: `The part of Maru in ${line(owner)}. It answers for ${promises.map(({ id }) => line(id)).join(', ')}.`,
    ...unlessEmpty(
      'control-implementations',
      CONTROL_SETS.flatMap((set) => implementationOf(owner, set, promises)),
    ),
  }
}

function implementationOf(owner: string, set: ControlSet, promises: readonly PromiseStatus[]): Json[] {
  const controls = controlsOf(set, promises)
  if (controls.length === 0) return []
  return [
    {
      uuid: uuidOf('implementation', owner, set.key),
      source: sourceOf(set),
      description: `What ${line(owner)} does for ${set.title}.${set.foreign ? ` ${CONTRIBUTION}` : ''}`,
      'implemented-requirements': controls.map(({ control, promises: answering }) => ({
        uuid: uuidOf('requirement', owner, set.key, control),
        'control-id': control,
        ...requirementOf(set, answering),
      })),
    },
  ]
}

function requirementOf(set: ControlSet, promises: readonly PromiseStatus[]): Json {
  const evidence = evidenceOf(promises)
  const unproven = evidence.length === 0 ? { remarks: NO_EVIDENCE } : {}
  return {
    description: promises.map(({ id, wording }) => `${line(id)}: ${line(wording)}.`).join('\n\n'),
    props: [
      { name: 'implementation-status', value: statusOf(set, promises), ...unproven },
      ...promises.map(({ id }) => property('promise', id)),
      ...[...new Set(evidence.map(({ name }) => name))].map((name) => property('evidence', name)),
    ],
  }
}

function statusOf({ foreign }: ControlSet, promises: readonly PromiseStatus[]): string {
  const kept = promises.filter(({ state }) => state === 'kept').length
  if (kept === 0) return 'planned'
  return kept === promises.length && !foreign ? 'implemented' : 'partial'
}
