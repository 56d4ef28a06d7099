import { readText } from './files.ts'

/** Opening packets that a network has answered without remembering them, by what its kernel shows in `netstat`. */
export function cookiesIn(netstat: string): number {
  const [names = '', values = ''] = netstat.split('\n').filter((line) => line.startsWith('TcpExt: '))
  return Number(values.split(' ')[names.split(' ').indexOf('SyncookiesSent')])
}

/** The same of this program's own network. */
export const cookiesSent = async (): Promise<number> => cookiesIn((await readText('/proc/net/netstat')) ?? '')
