import type { Evidence, PromiseStatus, TrustReport } from '#contract/trust.ts'
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
  platformUuid,
  property,
  unlessEmpty,
  uuidOf,
} from './oscal-parts.ts'

/** OSCAL's assessment results: what was observed, and whether each promise and each control is satisfied. */
export function renderResults(report: TrustReport): Json {
  const plan = uuidOf('assessment-plan', report.installation)
  return {
    'assessment-results': {
      uuid: uuidOf('assessment-results', report.installation, report.version, report.at),
      metadata: metadata(`${report.installation}: what was observed, and what is satisfied`, report),
      'import-ap': { href: `#${plan}` },
      results: [resultOf(report)],
      'back-matter': backMatter({
        uuid: plan,
        title: 'How each promise is proven',
        description:
          'There is no assessment plan of its own: the checks and drills that prove each promise, and how often they run, are part of the platform and shown on its Trust page.',
      }),
    },
  }
}

function resultOf(report: TrustReport): Json {
  const evidence = evidenceOf(report.promises)
  const starts = [report.at, ...evidence.map(({ at }) => at)].sort(
    (one, other) => Date.parse(one) - Date.parse(other),
  )
  return {
    uuid: uuidOf('result', report.installation, report.at),
    title: `State at ${report.at}`,
    description: `${report.kept} of ${report.promises.length} promises are kept.`,
    start: starts[0] ?? report.at,
    end: report.at,
    'local-definitions': { components: [platformOf(report)] },
    'reviewed-controls': { 'control-selections': selectionsOf(report.promises) },
    ...unlessEmpty(
      'observations',
      evidence.map((one) => observationOf(report, one)),
    ),
    ...unlessEmpty(
      'findings',
      CONTROL_SETS.flatMap((set) =>
        controlsOf(set, report.promises).map(({ control, promises }) =>
          findingOf(report, set, control, promises),
        ),
      ),
    ),
  }
}

const platformOf = (report: TrustReport): Json => ({
  uuid: platformUuid(report),
  type: 'this-system',
  title: line(report.installation),
  description: `The installation ${line(report.installation)} of Maru ${line(report.version)}, which also observes itself.`,
  status: { state: 'operational' },
})

function selectionsOf(promises: readonly PromiseStatus[]): Json[] {
  const selections = CONTROL_SETS.flatMap((set) => {
    const controls = controlsOf(set, promises).map(({ control }) => ({ 'control-id': control }))
    return controls.length === 0 ? [] : [{ description: set.title, 'include-controls': controls }]
  })
  return selections.length === 0 ? [{ 'include-all': {} }] : selections
}

const observationUuid = ({ installation }: TrustReport, { source, name, at }: Evidence): string =>
  uuidOf('observation', installation, source, name, at)

function observationOf(report: TrustReport, evidence: Evidence): Json {
  const { source, name, at, passed, summary, facts, durationMs, validS } = evidence
  const platform = platformUuid(report)
  return {
    uuid: observationUuid(report, evidence),
    title: line(name),
    description: line(summary),
    props: [
      property('source', source),
      property('passed', String(passed)),
      property('duration-ms', String(durationMs)),
    ],
    methods: ['TEST'],
    types: ['control-objective'],
    origins: [{ actors: [{ type: 'tool', 'actor-uuid': platform }] }],
    subjects: [{ 'subject-uuid': platform, type: 'component' }],
    'relevant-evidence': [
      {
        description: line(summary),
        ...unlessEmpty(
          'props',
          facts.map((fact) => property('fact', `${line(fact.name)}: ${line(fact.value)}`)),
        ),
      },
    ],
    collected: at,
    expires: new Date(Date.parse(at) + validS * 1000).toISOString(),
  }
}

/** A control is satisfied when every promise that answers for it is kept. */
function findingOf(
  report: TrustReport,
  set: ControlSet,
  control: string,
  promises: readonly PromiseStatus[],
): Json {
  const evidence = evidenceOf(promises)
  const satisfied = promises.every(({ state }) => state === 'kept')
  const reason = satisfied ? 'pass' : evidence.some(({ passed }) => !passed) ? 'fail' : 'other'
  return {
    uuid: uuidOf('finding', report.installation, set.key, control),
    title: `${control}: ${satisfied ? 'satisfied' : 'not satisfied'}`,
    description: promises.map(sentenceOf).join('\n\n'),
    target: {
      type: 'objective-id',
      'target-id': control,
      title: set.title,
      ...(set.foreign ? { description: CONTRIBUTION } : {}),
      status: { state: satisfied ? 'satisfied' : 'not-satisfied', reason },
    },
    ...unlessEmpty(
      'related-observations',
      evidence.map((one) => ({ 'observation-uuid': observationUuid(report, one) })),
    ),
    ...(evidence.length === 0 ? { remarks: NO_EVIDENCE } : {}),
  }
}

const sentenceOf = ({ id, wording, state, reason }: PromiseStatus): string =>
  `${line(id)}, ${line(wording)}: ${state === 'kept' ? 'kept' : `not yet kept. ${line(reason ?? '')}`}`
