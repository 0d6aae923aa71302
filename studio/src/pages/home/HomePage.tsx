/** What runs now, what failed lately, what serves, and the first steps. */

import { PageHeader } from '@/parts/PageHeader'

export default function HomePage() {
  return <PageHeader title="Home" />
}
