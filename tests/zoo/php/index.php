<?php
// PHP behind its own server, or behind nginx by CGI: one front controller, as most sites have one.
function handled(string $name): void
{
    $line = "$name {$_SERVER['REQUEST_METHOD']} " . rawurlencode($_SERVER['REQUEST_URI']) . "\n";
    file_put_contents(getenv('ZOO_JOURNAL'), $line, FILE_APPEND);
    echo "zoo-guarded $name";
}

function opened(): void
{
    $size = strlen(file_get_contents('php://input'));
    echo "public {$_SERVER['REQUEST_METHOD']} {$_SERVER['REQUEST_URI']} $size";
}

header('Content-Type: text/plain');
$path = rawurldecode(parse_url('http://site' . $_SERVER['REQUEST_URI'], PHP_URL_PATH) ?: '/');
if (str_starts_with($path, '/index.php/')) {
    $path = substr($path, strlen('/index.php'));
}
$method = $_SERVER['REQUEST_METHOD'];
$pays = fn ($value) => $value === 'pay' || (is_array($value) && in_array('pay', $value, true));
$guarded = match ($path) {
    '/account/withdraw' => 'withdraw',
    '/vault/gold' => 'gold',
    preg_match('#^/orders/[^/]+/refund$#', $path) ? $path : '' => 'refund',
    '/account/transfer' => $method === 'POST' ? 'transfer' : null,
    '/account/close' => $method === 'DELETE' ? 'close' : null,
    '/account/open' => ($_COOKIE['session'] ?? '') === 'victim' ? 'open' : null,
    '/action' => $pays($_POST['do'] ?? null) ? 'action' : null,
    '/menu' => $pays($_GET['do'] ?? null) ? 'menu' : null,
    '/rpc' => (json_decode(file_get_contents('php://input'), true)['op'] ?? '') === 'pay' ? 'rpc' : null,
    '/told' => str_contains($_SERVER['HTTP_STEPGATE_ASSERTION'] ?? '', 'forged')
        || str_contains(($_SERVER['HTTP_X_FORWARDED_FOR'] ?? '') . ($_SERVER['HTTP_X_REAL_IP'] ?? ''), '6.6.6.6')
        ? 'told' : null,
    default => null,
};
$guarded === null ? opened() : handled($guarded);
