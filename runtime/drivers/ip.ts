import { run } from './process.ts'

export interface LinkState {
  readonly name: string
  /** Whether it was switched on; nothing about the other end. */
  readonly up: boolean
}

/** The interfaces, addresses and routes of one network, which can be another process's. */
export interface Ip {
  /** One change, as arguments of `ip`. */
  change(...args: readonly string[]): Promise<void>
  links(): Promise<LinkState[]>
}

interface RawLink {
  readonly ifname: string
  readonly flags: readonly string[]
}

const TIMEOUT_MS = 10_000

/** `enter`: arguments that lead into the network, before those of `ip`. */
export function makeIp(enter: readonly string[]): Ip {
  const ip = async (args: readonly string[]) => {
    const argv = [...enter, 'ip', ...args] as [string, ...string[]]
    const { exitCode, stdout, stderr } = await run(argv, { timeoutMs: TIMEOUT_MS })
    if (exitCode === 0) return stdout
    throw new Error(`ip ${args.join(' ')} failed: ${stderr.trim().slice(0, 500)}`)
  }
  return {
    change: async (...args) => {
      await ip(args)
    },
    links: async () =>
      (JSON.parse(await ip(['-json', 'link', 'show'])) as RawLink[]).map(({ ifname, flags }) => ({
        name: ifname,
        up: flags.includes('UP'),
      })),
  }
}
