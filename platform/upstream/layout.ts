import { ContainerSpec } from '#contract/agent.ts'
import { HOME, type Installation, UID } from '#contract/installation.ts'
import { UPSTREAM_COMPONENT } from '#contract/upstream.ts'

/** Where its files are; the data folder has the same path inside its container. */
export function upstreamFiles(home: string) {
  const folder = `${home}/${HOME.upstream}`
  return {
    folder,
    /** What the control plane said last, passwords included. */
    orders: `${folder}/orders.json`,
    config: `${folder}/bird/bird.conf`,
    /** What is tried before it takes the place of the other. */
    next: `${folder}/bird/next.conf`,
    bird: `${folder}/bird`,
    run: `${folder}/run`,
    socket: `${folder}/run/bird.ctl`,
  } as const
}
export type UpstreamFiles = ReturnType<typeof upstreamFiles>

/** What BIRD is started with. */
export const birdCommand = ({ config, socket, run }: UpstreamFiles): string[] => [
  ...['bird', '-f', '-c', config],
  ...['-s', socket, '-P', `${run}/bird.pid`],
]

/** Its container, without any of root's rights: it opens ordinary connections and changes nothing in the kernel. */
export function upstreamContainer(
  installation: Pick<Installation, 'name'>,
  home: string,
  image: string,
): ContainerSpec {
  const files = upstreamFiles(home)
  return ContainerSpec.parse({
    name: `${installation.name}-${UPSTREAM_COMPONENT}`,
    component: UPSTREAM_COMPONENT,
    image,
    entrypoint: [],
    command: birdCommand(files),
    user: `${UID.upstream}:${UID.upstream}`,
    networks: [{ name: 'host', aliases: [] }],
    mounts: [
      { source: files.bird, target: files.bird, readOnly: true },
      { source: files.run, target: files.run, readOnly: false },
    ],
    init: false,
    stopTimeoutS: 5,
    memoryMb: 64,
    processes: 16,
  })
}
