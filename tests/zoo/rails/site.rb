# Rails' router, controllers and middleware on puma, in the order that a new application has them, without
# what needs a database or a folder of its own. Its check against forged posts is left out: a request that
# it refuses would say nothing of the gateway.
require "action_controller"
require "logger"
require "puma"

class SiteController < ActionController::Base
  wrap_parameters format: [:json]

  def withdraw = handled("withdraw")
  def gold = handled("gold")
  def refund = handled("refund")
  def transfer = handled("transfer")
  def close = handled("close")
  def order = request.get? || request.head? ? opened : handled("order")
  def open = cookies["session"] == "victim" ? handled("open") : opened
  def act = pays? ? handled("action") : opened
  def menu = pays? ? handled("menu") : opened
  # Query and document in one.
  def rpc = params["op"] == "pay" ? handled("rpc") : opened
  def told = believes_client? ? handled("told") : opened

  def opened
    render plain: "public #{request.request_method} #{request.fullpath} #{request.raw_post.bytesize}"
  end

  private

  def handled(name)
    line = "#{name} #{request.request_method} #{request.original_fullpath.inspect}"
    File.open(ENV.fetch("ZOO_JOURNAL"), "a") { |journal| journal.puts(line) }
    render plain: "zoo-guarded #{name}"
  end

  # Query, form and JSON in one.
  def pays?
    Array.wrap(params["do"]).include?("pay")
  end

  def believes_client?
    said = "#{request.headers["Stepgate-Assertion"]} #{request.headers["X-Forwarded-For"]} " \
           "#{request.headers["X-Real-IP"]} #{request.remote_ip}"
    said.include?("forged") || said.include?("6.6.6.6")
  end
end

# Each of these takes `(.:format)` at its end, as Rails adds it.
ROUTES = ActionDispatch::Routing::RouteSet.new
ROUTES.draw do
  resource :account, controller: "site", only: [] do
    match :withdraw, via: :all
    post :transfer
    match :order, via: :all
    delete :close
    match :open, via: :all
  end
  resource :vault, controller: "site", only: [] do
    match :gold, via: :all
  end
  resources :orders, controller: "site", only: [] do
    match :refund, via: :all
  end
  post "action", to: "site#act"
  match "menu", to: "site#menu", via: :all
  post "rpc", to: "site#rpc"
  match "told", to: "site#told", via: :all
  match "*rest", to: "site#opened", via: :all
  root to: "site#opened", via: :all
end

APP = Rack::Builder.app do
  use ActionDispatch::Executor, ActiveSupport::Executor
  use Rack::MethodOverride
  use ActionDispatch::RequestId, header: "X-Request-Id"
  use ActionDispatch::RemoteIp
  use ActionDispatch::ShowExceptions, ActionDispatch::PublicExceptions.new(__dir__)
  use ActionDispatch::Cookies
  use Rack::Head
  use Rack::ConditionalGet
  use Rack::ETag
  use Rack::TempfileReaper
  run ROUTES
end

# Without one, each body that it cannot parse would be printed.
LOGGER = Logger.new(nil)
server = Puma::Server.new(->(env) { APP.call(env.merge!("action_dispatch.logger" => LOGGER)) })
server.add_tcp_listener("127.0.0.1", ARGV[0].to_i)
server.run.join
