import cells from '../app/cells.module.css'
import { DataTable } from '../app-shell/data-table.tsx'
import { describeEnd, type Flow, portsText } from './flows.ts'

/** The map as a table: who may reach whom, at which ports, and why. */
export function FlowTable({ flows }: { readonly flows: readonly Flow[] }) {
  return (
    <DataTable label="Who may reach whom" columns={['Who', 'May reach', 'Ports', 'Why']} minWidth={640}>
      {flows.flatMap(({ from, to, rules }) =>
        rules.map((rule) => (
          <tr key={rule.id}>
            <td className={cells.name} title={describeEnd(from)}>
              <bdi>{from}</bdi>
            </td>
            <td className={cells.name} title={describeEnd(to)}>
              <bdi>{to}</bdi>
            </td>
            <td>{portsText(rule)}</td>
            <td>
              <bdi>{rule.reason}</bdi>
              <span className={cells.below}>{rule.builtIn ? 'built in' : rule.approvedBy}</span>
            </td>
          </tr>
        )),
      )}
    </DataTable>
  )
}
