import { z } from 'zod'
import { jsonOf } from '#runtime/kit/json.ts'

/** Something that a rule found. */
export interface Alert {
  readonly sid: number
  /** What the rule's makers call it. */
  readonly title: string
  /** Milliseconds: when the packet came. */
  readonly at: number
  readonly source: string
  readonly sourcePort: number | null
  readonly destination: string
  readonly port: number | null
  readonly protocol: string
  /** Whether the packet is of the side that was asked, as the detector follows the connection; null where it does not say. */
  readonly isBack: boolean | null
  /** Whose request it was, where the edge says so. */
  readonly visitor: string | null
  readonly request: { readonly method: string; readonly host: string; readonly path: string } | null
  /** The name that was asked for. */
  readonly name: string | null
}

/** What the detector has read and missed since its start. */
export interface DetectorStats {
  readonly upS: number
  readonly packets: number
  readonly dropped: number
  readonly rules: number
  readonly rulesFailed: number
}

export type EveLine =
  | { readonly type: 'alert'; readonly alert: Alert }
  | { readonly type: 'stats'; readonly stats: DetectorStats }

/** What attackers wrote is kept so far and no further. */
const LENGTH = 200

const port = z.number().int().nullable().default(null)
const text = z.string().default('')
const AlertLine = z.object({
  event_type: z.literal('alert'),
  timestamp: z.string(),
  src_ip: z.string(),
  src_port: port,
  dest_ip: z.string(),
  dest_port: port,
  proto: text,
  direction: z.enum(['to_server', 'to_client']).optional().catch(undefined),
  alert: z.object({ signature_id: z.number().int(), signature: text, xff: z.string().optional() }),
  http: z.object({ hostname: text, url: text, http_method: text }).optional(),
  dns: z.object({ query: z.array(z.object({ rrname: text })).default([]) }).optional(),
})
const count = z.number().int().default(0)
const StatsLine = z.object({
  event_type: z.literal('stats'),
  stats: z.object({
    uptime: count,
    capture: z
      .object({ kernel_packets: count, kernel_drops: count })
      .default({ kernel_packets: 0, kernel_drops: 0 }),
    detect: z
      .object({ engines: z.array(z.object({ rules_loaded: count, rules_failed: count })).default([]) })
      .default({ engines: [] }),
  }),
})

/** Reads a line of the detector's; undefined when it is neither a find nor a count. */
export function parseEve(line: string, now: number): EveLine | undefined {
  const json = jsonOf(line)
  const found = AlertLine.safeParse(json)
  if (found.success) return { type: 'alert', alert: alertOf(found.data, now) }
  const counted = StatsLine.safeParse(json)
  if (!counted.success) return undefined
  const { uptime, capture, detect } = counted.data.stats
  const sum = (key: 'rules_loaded' | 'rules_failed') => detect.engines.reduce((all, one) => all + one[key], 0)
  return {
    type: 'stats',
    stats: {
      upS: uptime,
      packets: capture.kernel_packets,
      dropped: capture.kernel_drops,
      rules: sum('rules_loaded'),
      rulesFailed: sum('rules_failed'),
    },
  }
}

function alertOf(line: z.infer<typeof AlertLine>, now: number): Alert {
  const { http } = line
  // The detector's clock is the host's; a line that says otherwise is counted from now.
  const said = Date.parse(line.timestamp.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
  return {
    sid: line.alert.signature_id,
    title: plain(line.alert.signature),
    at: Number.isNaN(said) || said > now ? now : said,
    source: line.src_ip,
    sourcePort: line.src_port,
    destination: line.dest_ip,
    port: line.dest_port,
    protocol: line.proto.toLowerCase(),
    isBack: line.direction === undefined ? null : line.direction === 'to_client',
    visitor: line.alert.xff?.replace(/^::ffff:/, '') ?? null,
    request:
      http === undefined
        ? null
        : { method: plain(http.http_method), host: plain(http.hostname), path: plain(http.url) },
    name: line.dns?.query[0] === undefined ? null : plain(line.dns.query[0].rrname),
  }
}

/** What an attacker wrote goes to people's terminals: nothing of it may be more than letters. */
const plain = (said: string): string => said.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, LENGTH)
