import { ContainerSpec, FILES_LABEL } from '#contract/agent.ts'
import { DETECTOR_COMPONENT } from '#contract/detection.ts'
import { HOME, type Installation, UID } from '#contract/installation.ts'

/** Where its files are; the data folder has the same path inside its container. */
export function detectorFiles(home: string) {
  const folder = `${home}/${HOME.detector}`
  return {
    folder,
    config: `${folder}/suricata.yaml`,
    rules: `${folder}/maru.rules`,
    /** Rules of others that are in use, and what is known of them. */
    selected: `${folder}/rule-set.rules`,
    about: `${folder}/rule-set.json`,
    /** A selection that is tried. */
    candidate: `${folder}/candidate.rules`,
    /** Where what fetches writes; nothing in it is used as it is. */
    fetched: `${home}/${HOME.ruleSet}`,
    run: `${folder}/run`,
    /** Where the agent listens; the detector connects, and again when the agent was away. */
    socket: `${folder}/run/events.sock`,
  } as const
}
export type DetectorFiles = ReturnType<typeof detectorFiles>

/** Memory that it may use: thousands of rules of others need more. */
export const DETECTOR_MB = { alone: 384, withOthers: 1_024 } as const

/** It may read frames, and nothing else of root's rights is left when it begins. */
const AS_DETECTOR = [
  'setpriv',
  `--reuid=${UID.detector}`,
  `--regid=${UID.detector}`,
  '--clear-groups',
  '--inh-caps=-all,+net_raw',
  '--ambient-caps=-all,+net_raw',
  '--bounding-set=-all,+net_raw',
] as const

/** Its container. `hash`: of its files, which it reads at its start. */
export function detectorContainer(
  installation: Pick<Installation, 'name'>,
  home: string,
  image: string,
  hash: string,
  memoryMb: number = DETECTOR_MB.alone,
): ContainerSpec {
  const files = detectorFiles(home)
  return ContainerSpec.parse({
    name: `${installation.name}-${DETECTOR_COMPONENT}`,
    component: DETECTOR_COMPONENT,
    image,
    entrypoint: [],
    command: [...AS_DETECTOR, 'suricata', '-c', files.config, '-S', files.rules, '--af-packet', '-l', '/tmp'],
    user: '0:0',
    labels: { [FILES_LABEL]: hash },
    networks: [{ name: 'host', aliases: [] }],
    mounts: [
      { source: files.folder, target: files.folder, readOnly: true },
      { source: files.run, target: files.run, readOnly: false },
    ],
    tmpfs: {
      '/tmp': `rw,noexec,nosuid,nodev,size=16m,uid=${UID.detector},gid=${UID.detector},mode=0700`,
    },
    capabilities: ['SETGID', 'SETUID', 'SETPCAP', 'NET_RAW'],
    init: false,
    stopTimeoutS: 5,
    // What serves comes first.
    cpuShares: 512,
    memoryMb,
    processes: 64,
  })
}
