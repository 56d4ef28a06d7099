import { AppName } from '#contract/ids.ts'
import type { NetworkPolicy, NetworkRule } from '#contract/network.ts'
import type { NetworkFacts } from './layout.ts'

/** A rule of somebody's. */
export const ruleOf = (
  id: string,
  from: string,
  to: string,
  ports: string[],
  more: Partial<NetworkRule> = {},
): NetworkRule => ({
  id,
  from,
  to,
  protocol: 'tcp',
  ports,
  reason: 'a test needs it',
  approvedBy: 'ada',
  until: null,
  builtIn: false,
  ...more,
})

export const TEST_FACTS: NetworkFacts = {
  installation: { id: 'inst_a', name: 'maru', subnet: '10.89', ports: { http: 80, https: 443 } },
  hosts: ['192.0.2.1', '192.0.2.2'],
  own: '192.0.2.2',
  resolvers: ['10.255.255.53'],
  ways: ['10.89.0.10', '10.89.1.30'],
  apps: [
    { address: '10.89.129.1', app: AppName.parse('shop'), process: 'web' },
    { address: '10.89.129.2', app: AppName.parse('shop'), process: 'mailer' },
    { address: '10.89.129.3', app: AppName.parse('blog'), process: 'web' },
  ],
}

export const TEST_POLICY: NetworkPolicy = {
  rules: [
    ruleOf('rule-pay', 'app:shop', '198.51.100.0/24', ['443']),
    ruleOf('rule-mail', 'app:shop/mailer', 'internet', ['25', '465-587']),
    ruleOf('rule-api', 'app:shop', 'api.example.org', ['443']),
    ruleOf('rule-time', 'apps', '10.1.2.3', ['123'], { protocol: 'udp' }),
    ruleOf('rule-all', 'app:blog', '0.0.0.0/0', ['1-65535']),
    ruleOf('rule-registry', 'builder', '10.4.0.0/16', ['4873']),
    ruleOf('rule-look', '198.51.100.7', 'agent', ['7701']),
    ruleOf('rule-ssh', '198.51.100.0/24', 'host', ['22']),
    ruleOf('rule-ssh-6', '2001:db8:1::/48', 'host', ['22']),
    ruleOf('rule-metrics', 'app:shop', 'host', ['9100']),
  ],
  lockDown: null,
}
