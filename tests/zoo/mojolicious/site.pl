# Mojolicious with its own server and router.
use Mojolicious::Lite -signatures;

app->log->level('fatal');
app->max_request_size(64 * 1024 * 1024);

sub handled ($c, $name) {
    open my $journal, '>>', $ENV{ZOO_JOURNAL} or die $!;
    print $journal "$name " . $c->req->method . ' ' . $c->req->url->path . "\n";
    close $journal;
    $c->render(text => "zoo-guarded $name");
}

sub opened ($c) {
    my $size = length $c->req->body;
    $c->render(text => 'public ' . $c->req->method . ' ' . $c->req->url->path_query . " $size");
}

sub pays (@values) { scalar grep { defined && $_ eq 'pay' } @values }

any '/account/withdraw' => sub ($c) { handled($c, 'withdraw') };
any '/vault/gold' => sub ($c) { handled($c, 'gold') };
any '/orders/:order/refund' => sub ($c) { handled($c, 'refund') };
post '/account/transfer' => sub ($c) { handled($c, 'transfer') };
del '/account/close' => sub ($c) { handled($c, 'close') };
any '/account/open' => sub ($c) { ($c->cookie('session') // '') eq 'victim' ? handled($c, 'open') : opened($c) };
post '/action' => sub ($c) { pays($c->every_param('do')->@*) ? handled($c, 'action') : opened($c) };
any '/menu' => sub ($c) { pays($c->every_param('do')->@*) ? handled($c, 'menu') : opened($c) };
post '/rpc' => sub ($c) {
    my $called = $c->req->json;
    ref $called eq 'HASH' && ($called->{op} // '') eq 'pay' ? handled($c, 'rpc') : opened($c);
};
any '/told' => sub ($c) {
    my $headers = $c->req->headers;
    my $address = ($headers->header('X-Forwarded-For') // '') . ($headers->header('X-Real-IP') // '');
    my $forged = ($headers->header('Stepgate-Assertion') // '') =~ /forged/ || $address =~ /6\.6\.6\.6/;
    $forged ? handled($c, 'told') : opened($c);
};
any '/*rest' => {rest => ''} => sub ($c) { opened($c) };

my $port = pop @ARGV;
app->start('daemon', '-m', 'production', '-l', "http://127.0.0.1:$port");
