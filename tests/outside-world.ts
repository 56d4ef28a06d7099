import { startEcho } from '#drills/network/live-line.ts'
import { makeOutsiders, type Outsider } from '#drills/network/other-network.ts'
import type { Ending } from './way-to-edge.ts'

const PORT = 8080

/** Somebody outside whom an app can ask for: a network of its own behind this machine, in which a server says back what it hears. */
export async function openOutside(t: Ending): Promise<{ readonly address: string; readonly port: number }> {
  const made: Outsider[] = []
  t.after(() => Promise.all(made.map((one) => one.remove())))
  await makeOutsiders(1, (one) => made.push(one))
  const [outside] = made
  if (outside === undefined) throw new Error('there is nobody outside')
  const { end } = await startEcho(outside, [PORT])
  t.after(end)
  return { address: outside.address, port: PORT }
}
