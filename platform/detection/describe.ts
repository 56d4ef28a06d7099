import type { Finding } from '#contract/guard.ts'
import type { Alert } from './eve.ts'
import { isOther } from './rule-set.ts'
import { ruleOf } from './rules.ts'

/** Which app has an address on this host. */
export type AppAt = (address: string) => string | null

/** An alert as people are told of it; undefined where no rule that is known made it. */
export function describeAlert(alert: Alert, appAt: AppAt): Finding | undefined {
  const rule = ruleOf(alert.sid)
  if (rule === undefined) return isOther(alert.sid) ? describeOther(alert, appAt) : undefined
  const isAnswer = rule.way === 'back'
  // An answer is told of with its own packet, or with the one by which its asker confirms it.
  const isBack = alert.isBack ?? (isAnswer && appAt(alert.source) !== null)
  const { asker, askerPort, asked, askedPort } = sidesOf(alert, isBack)
  const visitor = visitorOf(alert, appAt(asker))
  const isVisit = rule.way === 'in' || isAnswer
  const who = isVisit ? (visitor ?? asker) : asker
  const app = appAt(who)
  const target = isVisit ? appAt(asked) : null
  const name = app === null ? who : `The app ${app} (${who})`
  const whom = target === null ? '' : `${isAnswer ? ' of' : ', to'} the app ${target}`
  return {
    kind: rule.kind,
    severity: rule.severity,
    // The check's questions are told apart by their word; all else by what was found, and where.
    topic: rule.way === 'door' ? (alert.request?.path ?? '') : `${rule.sid} ${target ?? asked}`,
    source: who,
    sourcePort: visitor === null ? askerPort : null,
    destination: asked,
    port: askedPort,
    protocol: alert.protocol,
    at: alert.at,
    app,
    target,
    message: `${name} ${rule.did}${whom}${detailOf(alert)}.`,
    rule: { uid: String(rule.sid), title: rule.title, desc: rule.means },
  }
}

/** Who asked whom: who began the connection has asked, whichever of the two sent the packet. */
const sidesOf = ({ source, sourcePort, destination, port }: Alert, isBack: boolean) =>
  isBack
    ? { asker: destination, askerPort: port, asked: source, askedPort: sourcePort }
    : { asker: source, askerPort: sourcePort, asked: destination, askedPort: port }

/** The edge says whose request it hands on; an app that asks another by itself could write anybody's address there. */
const visitorOf = ({ visitor }: Alert, askingApp: string | null) => (askingApp === null ? visitor : null)

/** What a rule of others found: what it means, its makers know. What an app itself does so is graver than what is sent to one. */
function describeOther(alert: Alert, appAt: AppAt): Finding {
  const { sid, title, source, destination } = alert
  const [from, to] = [appAt(source), appAt(destination)]
  // Of two apps the one that began it did it, also where the other one's answer is what was found.
  const isBack = from !== null && to !== null && alert.isBack === true
  const { asker, askerPort, asked, askedPort } = sidesOf(alert, isBack)
  const [askerApp, askedApp] = isBack ? [to, from] : [from, to]
  const visitor = visitorOf(alert, appAt(sidesOf(alert, alert.isBack ?? false).asker))
  const sender = visitor === null ? askerApp : null
  const who = visitor ?? asker
  const target = sender === null ? (askedApp ?? askerApp) : askedApp
  const name = sender === null ? who : `The app ${sender} (${who})`
  const found = `what rule ${sid} of Emerging Threats looks for (${title})`
  const whom = target === null ? '' : `, ${isBack ? 'as an answer of' : 'to'} the app ${target}`
  return {
    ...{ kind: sender === null ? 'web attack' : 'outbound', severity: sender === null ? 2 : 4 },
    ...{ topic: `${sid} ${target ?? asked}`, source: who, destination: asked, port: askedPort },
    ...{ app: sender, target, sourcePort: visitor === null ? askerPort : null },
    ...{ protocol: alert.protocol, at: alert.at },
    message: `${name} ${isBack ? 'got' : 'sent'} ${found}${whom}${detailOf(alert)}.`,
    rule: {
      ...{ uid: String(sid), title },
      desc: 'A rule of Emerging Threats Open, whose makers are sure of it: search for its number.',
    },
  }
}

function detailOf({ request, name }: Alert): string {
  if (request !== null) return `: ${request.method} ${request.host}${request.path}`
  return name === null ? '' : `: ${name}`
}
