// Dates as chat templates print them: Python's strftime with English names, in UTC so that a run repeats anywhere.

const months = 'January February March April May June July August September October November December'.split(' ');
const days = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/** The date in the given strftime format. Directives other than those of the C locale's dates and times stay as they are. */
export function formatDate(date: Date, format: string): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const [month, day, hour] = [date.getUTCMonth(), date.getUTCDate(), date.getUTCHours()];
  const ofYear = (Date.UTC(date.getUTCFullYear(), month, day) - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000 + 1;
  const directives: Readonly<Record<string, string>> = {
    Y: String(date.getUTCFullYear()),
    y: two(date.getUTCFullYear() % 100),
    m: two(month + 1),
    d: two(day),
    e: String(day).padStart(2),
    '-d': String(day),
    '-m': String(month + 1),
    j: String(ofYear).padStart(3, '0'),
    B: months[month] ?? '',
    b: (months[month] ?? '').slice(0, 3),
    A: days[date.getUTCDay()] ?? '',
    a: (days[date.getUTCDay()] ?? '').slice(0, 3),
    H: two(hour),
    I: two(hour % 12 === 0 ? 12 : hour % 12),
    p: hour < 12 ? 'AM' : 'PM',
    M: two(date.getUTCMinutes()),
    S: two(date.getUTCSeconds()),
    Z: 'UTC',
    z: '+0000',
    '%': '%',
  };
  return format.replace(/%(-?[A-Za-z]|%)/g, (directive, name: string) => directives[name] ?? directive);
}
