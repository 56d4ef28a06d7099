import type Dockerode from 'dockerode'

/** A process of a container, by its number on the host. */
export interface ContainerProcess {
  readonly pid: number
  readonly command: string
}

/** What runs in a container now. */
export async function processesOf(container: Dockerode.Container): Promise<ContainerProcess[]> {
  const { Processes } = (await container.top({ ps_args: '-eo pid,args' })) as { Processes: string[][] }
  return Processes.map(([pid, ...command]) => ({ pid: Number(pid), command: command.join(' ') }))
}
