import { openSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { heardBy, makeBird } from '#runtime/drivers/bird.ts'
import { startDetached } from '#runtime/drivers/process.ts'
import type { Outsider } from './other-network.ts'

/** Numbers for private use (RFC 6996). */
export const NUMBERS = { own: 64_512, provider: 64_513 } as const

/** A provider's router: BIRD at an outsider's, which takes whatever a host says. */
export interface ProviderRouter {
  /** What it has heard: prefix and communities. */
  heard(): Promise<string[]>
  end(): Promise<void>
}

/** Starts it; it waits for the host to speak first. */
export async function startProvider(outsider: Outsider, host: string): Promise<ProviderRouter> {
  const folder = await mkdtemp(join(tmpdir(), 'maru-drill-provider-'))
  const [config, socket] = [join(folder, 'bird.conf'), join(folder, 'bird.ctl')]
  const text = `log stderr all;
router id ${outsider.address};
protocol device { }
protocol bgp customer {
  local ${outsider.address} as ${NUMBERS.provider};
  neighbor ${host} as ${NUMBERS.own};
  multihop;
  passive yes;
  ipv4 { import all; export none; };
}
`
  await writeFile(config, text)
  const argv = outsider.enter(['bird', '-f', '-c', config, '-s', socket, '-P', join(folder, 'bird.pid')])
  const pid = startDetached(argv, openSync('/dev/null', 'a'))
  return {
    heard: () => heardBy(makeBird(socket)),
    end: async () => {
      process.kill(pid, 'SIGKILL')
      await rm(folder, { recursive: true })
    },
  }
}
