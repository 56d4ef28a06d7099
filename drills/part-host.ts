import { takeLock } from '#platform/hosts/index.ts'
import type { Docker } from '#runtime/drivers/docker.ts'

/** The host that a part of the platform is on, and the hands that a drill has there. */
export interface PartHost {
  readonly docker: Docker
  /** Its data folder, as the host and its containers call it. */
  readonly home: string
  /** What comes before each path of the host, to see its files from here: nothing on this one. */
  readonly root: string
  /** kill -9 of a process, by its number on that host. */
  kill(pid: number): Promise<void>
  /** Has the agent there leave the platform's containers alone, until what it gives is called: that throws where the lock was lost. */
  takeLock(): Promise<() => void>
}

/** The host that the drill itself runs on. */
export const thisHost = ({ docker, home }: Pick<PartHost, 'docker' | 'home'>): PartHost => ({
  docker,
  home,
  root: '',
  kill: async (pid) => {
    process.kill(pid, 'SIGKILL')
  },
  takeLock: () => takeLock(home, 'maru drill run'),
})
